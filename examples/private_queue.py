"""A queue for one example: a server of its own and some workers, of which nothing is left afterwards."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

import rrq_core as rrq

LONGEST_END = 10.0  # seconds


@contextmanager
def private_queue(queue_id: str, workers: int) -> Iterator[rrq.Controller]:
    """Start a server in a temporary directory, with workers; stop all of it at the end, and wait until it is gone."""
    with tempfile.TemporaryDirectory(prefix="rrq-example-", ignore_cleanup_errors=True) as directory:
        url = f"embedded://{directory}/server?idle=0"
        with rrq.connect(queue_id, url) as queue, rrq.worker_spawn(workers, controller=queue):
            yield queue
        wait_until_unused(directory)


def wait_until_unused(directory: str) -> None:
    """Return when no process that was started for a directory runs any more: the server takes a moment to end."""
    deadline = time.monotonic() + LONGEST_END
    while is_named_by_a_process(directory) and time.monotonic() < deadline:
        time.sleep(0.05)


def is_named_by_a_process(directory: str) -> bool:
    """Tell whether the command of some process names a directory."""
    commands = (process.info["cmdline"] or () for process in psutil.process_iter(["cmdline"]))
    return any(directory in argument for command in commands for argument in command)
