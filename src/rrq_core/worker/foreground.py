"""A worker as this very process."""

import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial

from rrq_core.errors import WorkerIdTaken
from rrq_core.model.ids import WorkerId
from rrq_core.ports import Backend
from rrq_core.worker.beater.beating import terms_of
from rrq_core.worker.beater.link import Beater
from rrq_core.worker.beater.process import BeaterCommand, ProcessBeater
from rrq_core.worker.loop import WorkerLoop
from rrq_core.worker.setup import WorkerSetup
from rrq_core.worker.signals import STOPPED, Signals
from rrq_core.worker.stop import StoppedNow


def run_process(
    backend: Backend,
    setup: WorkerSetup,
    others: Iterable[WorkerSetup] = (),
    *,
    beater_link: int | None = None,
    prints_to_log: bool = False,
) -> int:
    """Run a worker in the main thread of this process until it is done.

    The first SIGTERM, SIGINT or SIGHUP lets it finish its task and sign off; the second, unless it is SIGHUP, stops it
    now, and `on_lost` decides on the task; the third ends the process on the spot.

    Args:
        backend: The queue.
        setup: What the worker is.
        others: What it is, one after another, if an id is taken; they differ by that alone.
        beater_link: The descriptor of the wire to the beater that has started this process, if one has.
        prints_to_log: Whether what this process prints goes to the process log of its setup, from then on.
    Returns:
        The exit status: 0, or 1 if it was stopped by a second signal.
    Raises:
        RrqError: As `WorkerLoop` and its `run`.
        OSError: If no process can be started that beats for it.
    """
    signals = Signals()
    loop = beater = None
    try:
        beater = _beater(backend, setup, beater_link, signals)
        is_one_of_several = beater_link is not None and setup.process_log is None
        setup, loop = _first_free(backend, setup, iter(others), beater, is_one_of_several)
        if prints_to_log and setup.process_log is not None:
            _print_to(setup.process_log)
        signals.serve(loop)
        loop.run()
    except StoppedNow as stopped:
        _abandon(loop, str(stopped))
    except BaseException as error:
        _abandon(loop, f"{type(error).__name__}: {error}")
        raise
    finally:
        signals.let_go()
        if beater is not None:
            beater.close()
    return 0 if signals.received < 2 else STOPPED


def _beater(backend: Backend, setup: WorkerSetup, link: int | None, signals: Signals) -> Beater | None:
    period = setup.config.heartbeat_period
    if period is None and link is None:
        return None
    command = BeaterCommand(url=backend.url, queue_id=backend.queue_id)
    return ProcessBeater(command, None if period is None else terms_of(period), link, signals.relay)


def _first_free(
    backend: Backend, setup: WorkerSetup, others: Iterator[WorkerSetup], beater: Beater | None, prints_id: bool
) -> tuple[WorkerSetup, WorkerLoop]:
    """Make the loop of the first that can be registered."""
    while True:
        printer = partial(_print_named, setup.worker_id) if prints_id else print_line
        try:
            return setup, WorkerLoop(backend, setup, printer=printer, beater=beater)
        except WorkerIdTaken:
            other = next(others, None)
            if other is None:
                raise
            setup = other


def _print_to(path: str) -> None:
    """Let all that this process prints go to a file, and what its tasks start prints too."""
    with open(path, "ab") as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file.fileno(), stream.fileno())


def _abandon(loop: WorkerLoop | None, reason: str) -> None:
    if loop is not None:
        loop.abandon(reason)


def _print_named(id: WorkerId, line: str) -> None:
    """Print a line where other workers print theirs."""
    print_line(f"{id} {line}")


def print_line(line: str) -> None:
    """Print a line of a worker's log, at once."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        return  # a closed pipe, a closed file: nobody reads it, and the work goes on
