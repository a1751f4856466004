"""The command `rrq-worker`: a worker in the foreground."""

import argparse
import os
import sys
from collections.abc import Sequence

from rrq_core.client.environment import url_or_default
from rrq_core.errors import InvalidArgument, RrqError
from rrq_core.model.ids import queue_id, worker_id
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.worker import WorkerSetup, new_worker_id, read_config, run_process

_FAILED, _WRONG_USE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker as the command line says.

    Args:
        arguments: The words of the command line after the command; None: those of this process.
    Returns:
        The exit status: 0 after a clean stop, 1 after a failure or a second signal, 2 for wrong use.
    """
    options = _parser().parse_args(arguments)
    _import_from_here()
    try:
        return _run(options)
    except RrqError as error:
        print(f"rrq-worker: {error}", file=sys.stderr)
        return _WRONG_USE if isinstance(error, ValueError) else _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rrq-worker",
        description="Work for a queue: take tasks, run them, send back what they give. A STOP message ends it, the "
        "idle time-out of its configuration, SIGTERM, and Ctrl-C; a second signal ends it before its task is done.",
        allow_abbrev=False,
    )
    parser.add_argument("queue_id", metavar="QUEUE_ID", help="the queue, as it was given to connect()")
    parser.add_argument(
        "--config", metavar="NAME", default="localhost", help="a configuration saved by worker_config_save()"
    )
    parser.add_argument("--worker-id", metavar="ID", help="what to call this worker (default: host and random digits)")
    parser.add_argument("--url", metavar="URL", help="where the queue is (default: $RRQ_URL, $REDIS_URL, embedded://)")
    parser.add_argument("--process-log", metavar="PATH", help=argparse.SUPPRESS)
    return parser


def _import_from_here() -> None:
    """Let tasks import the modules of the working directory, as `python -m` does."""
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)


def _run(options: argparse.Namespace) -> int:
    queue = queue_id(options.queue_id)
    name = new_worker_id() if options.worker_id is None else worker_id(options.worker_id)
    backend = open_backend(url_or_default(options.url), queue)
    try:
        _check_shared(backend)
        setup = WorkerSetup(
            queue_id=queue,
            url=backend.url,
            worker_id=name,
            config_name=options.config,
            config=read_config(backend, options.config),
            process_log=options.process_log,
        )
        return run_process(backend, setup)
    finally:
        backend.close()


def _check_shared(backend: Backend) -> None:
    if not backend.shared:
        raise InvalidArgument(
            f"no other process can work for {backend.url}: it lives in the memory of the one that opened it. "
            "Call worker_spawn() there, or use embedded:// or redis://"
        )


if __name__ == "__main__":
    sys.exit(main())
