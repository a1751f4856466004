"""The commands by which a parent starts its workers."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rrq_core.model.ids import WorkerId, worker_id
from rrq_core.ports.launcher import NUMBER
from rrq_core.worker.beater.parent import WorkerCommand


def commands_for(options: argparse.Namespace, base: WorkerId) -> Sequence[WorkerCommand]:
    """Make those of the workers BASE_1, BASE_2 ... that the command line asks for.

    Raises:
        InvalidName: If these can be no ids.
    """
    first = int(os.environ.pop(NUMBER, "1")) if options.numbered else 1
    return [_command(options, worker_id(f"{base}_{number}")) for number in range(first, first + options.workers)]


def the_same_again(options: argparse.Namespace, id: WorkerId) -> WorkerCommand:
    """Make that of the one worker that the command line asks for, as a child of this process."""
    own = {"--process-log": options.process_log, "--log-directory": options.log_directory}
    words = [f"{option}={value}" for option, value in own.items() if value is not None]
    return _start(options, id, [*words, *(["--numbered"] if options.numbered else [])], None)


def _command(options: argparse.Namespace, id: WorkerId) -> WorkerCommand:
    if options.log_directory is None:
        return _start(options, id, [], None)
    log = os.path.join(options.log_directory, id)
    return _start(options, id, [f"--process-log={log}"], Path(log))


def _start(options: argparse.Namespace, id: WorkerId, more: Sequence[str], output: Path | None) -> WorkerCommand:
    if options.exit_when_lost:
        more = [*more, "--exit-when-lost"]
    before = (sys.executable, "-m", "rrq_core.cli.worker", f"--config={options.config}", f"--worker-id={id}", *more)

    def words(link: int) -> Sequence[str]:
        return [*before, f"--beater-link={link}", "--", options.queue_id]

    return WorkerCommand(words=words, output=output)
