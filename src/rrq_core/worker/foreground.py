"""A worker as this very process."""

import sys
from contextlib import suppress

from rrq_core.ports import Backend
from rrq_core.worker.loop import WorkerLoop
from rrq_core.worker.setup import WorkerSetup
from rrq_core.worker.signals import STOPPED, Signals
from rrq_core.worker.stop import StoppedNow


def run_process(backend: Backend, setup: WorkerSetup) -> int:
    """Run a worker in the main thread of this process until it is done.

    The first SIGTERM or SIGINT lets it finish its task and sign off; the second stops it now, and `on_lost` decides on
    the task; the third ends the process on the spot.

    Returns:
        The exit status: 0, or 1 if it was stopped by a second signal.
    Raises:
        RrqError: As `WorkerLoop` and its `run`.
    """
    signals = Signals()
    loop = None
    try:
        loop = WorkerLoop(backend, setup, printer=_print_line)
        signals.serve(loop)
        loop.run()
    except StoppedNow as stopped:
        _abandon(loop, str(stopped))
    except BaseException as error:
        _abandon(loop, f"{type(error).__name__}: {error}")
        raise
    return 0 if signals.received < 2 else STOPPED


def _abandon(loop: WorkerLoop | None, reason: str) -> None:
    if loop is not None:
        loop.abandon(reason)


def _print_line(line: str) -> None:
    with suppress(OSError, ValueError):  # a closed pipe, a closed file: nobody reads it, and the work goes on
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
