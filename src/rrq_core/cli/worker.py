"""The command `rrq-worker`: a worker in the foreground, or the parent of several."""

import argparse
import itertools
import os
import sys
from collections.abc import Iterable, Sequence

from rrq_core.cli.worker_children import commands_for, the_same_again
from rrq_core.client.environment import url_or_default
from rrq_core.errors import InvalidArgument, RrqError, WorkerLost
from rrq_core.model.ids import WorkerId, queue_id, worker_id
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.ports.launcher import NUMBER
from rrq_core.worker.beater.parent import run_workers
from rrq_core.worker.setup import WorkerSetup, new_worker_id, read_config

_FAILED, _WRONG_USE, _LOST = 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run workers as the command line says.

    Args:
        arguments: The words of the command line after the command; None: those of this process.
    Returns:
        The exit status: 0 after a clean stop, 1 after a failure or a second signal, 2 for wrong use, 3 for a worker
        that was declared lost and ends by `--exit-when-lost`; of several workers the worst.
    """
    options = worker_parser().parse_args(arguments)
    _import_from_here()
    try:
        return _run(options)
    except RrqError as error:
        print(f"rrq-worker: {error}", file=sys.stderr)
        if isinstance(error, WorkerLost):
            return _LOST
        return _WRONG_USE if isinstance(error, ValueError) else _FAILED


def worker_parser() -> argparse.ArgumentParser:
    """Make what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="rrq-worker",
        description="Work for a queue: take tasks, run them, send back what they give. A STOP message ends it, the "
        "idle time-out of its configuration, SIGTERM, and Ctrl-C; a second signal ends it before its task is done.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("queue_id", metavar="QUEUE_ID", help="the queue, as it was given to connect()")
    add("--config", metavar="NAME", default="localhost", help="a configuration saved by worker_config_save()")
    add("--worker-id", metavar="ID", help="what to call this worker (default: host and random digits)")
    add("--url", metavar="URL", help="where the queue is (default: $RRQ_URL, $REDIS_URL, embedded://)")
    add("--workers", metavar="N", type=_count, help="start N of them, called ID_1, ID_2 ..., and wait for their end")
    add(
        "--exit-when-lost",
        action="store_true",
        help="end, with exit status 3, when it was declared lost, for a supervisor to start another; without, it goes "
        "on under the same id",
    )
    add("--process-log", metavar="PATH", help=argparse.SUPPRESS)  # where what it prints goes, as worker_info tells it
    add("--log-directory", metavar="DIR", help=argparse.SUPPRESS)  # print to DIR/ID
    add("--numbered", action="store_true", help=argparse.SUPPRESS)  # be ID_n, by $RRQ_WORKER_NUMBER or the first free
    add("--beater-link", metavar="FD", type=int, help=argparse.SUPPRESS)  # the wire to the parent
    return parser


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"a number of workers is 1 or more, not {text!r}")
    return count


def _import_from_here() -> None:
    """Let tasks import the modules of the working directory, as `python -m` does."""
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)


def _run(options: argparse.Namespace) -> int:
    queue = queue_id(options.queue_id)
    name = new_worker_id() if options.worker_id is None else worker_id(options.worker_id)
    _check_file_name(options, name)
    backend = open_backend(url_or_default(options.url), queue)
    try:
        _check_shared(backend)
        if options.workers is not None:
            read_config(backend, options.config)  # one word on what is wrong, and not one by each
            return run_workers(backend, commands_for(options, name))
        if os.getpid() == 1:  # in a container, where orphans come to it
            return run_workers(backend, [the_same_again(options, name)])
        return _run_one(backend, options, name)
    finally:
        backend.close()


def _run_one(backend: Backend, options: argparse.Namespace, name: WorkerId) -> int:
    from rrq_core.worker.foreground import run_process  # here, since a parent is to stay small

    config = read_config(backend, options.config)
    setups = (
        WorkerSetup(
            queue_id=backend.queue_id,
            url=backend.url,
            worker_id=id,
            config_name=options.config,
            config=config,
            process_log=options.process_log or (options.log_directory and os.path.join(options.log_directory, id)),
            exit_when_lost=options.exit_when_lost,
        )
        for id in _ids(options, name)
    )
    first = next(setups)
    prints_to_log = options.log_directory is not None
    return run_process(backend, first, setups, beater_link=options.beater_link, prints_to_log=prints_to_log)


def _ids(options: argparse.Namespace, name: WorkerId) -> Iterable[WorkerId]:
    """Give the ids that the worker may have, the first of them that is free."""
    if not options.numbered:
        return [name]
    number = os.environ.pop(NUMBER, None)
    if number is not None:
        return [worker_id(f"{name}_{number}")]
    return (worker_id(f"{name}_{number}") for number in itertools.count(1))


def _check_file_name(options: argparse.Namespace, name: WorkerId) -> None:
    if options.log_directory is not None and "/" in name:
        raise InvalidArgument(f"with --log-directory the id names a file, so there is no / in it: {name!r}")


def _check_shared(backend: Backend) -> None:
    if not backend.shared:
        raise InvalidArgument(
            f"no other process can work for {backend.url}: it lives in the memory of the one that opened it. "
            "Call worker_spawn() there, or use embedded:// or redis://"
        )


if __name__ == "__main__":
    sys.exit(main())
