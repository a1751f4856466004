"""What workers have written: their log in the store, and what their process printed."""

import math
from pathlib import Path

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.workers import Workers, worker_records
from rrq_core.errors import InvalidArgument, LogMissing
from rrq_core.model.worker import LogEntry


def worker_log_tail(
    worker_ids: Workers | None = None, n: float | None = 1, *, controller: Connection | None = None
) -> list[LogEntry]:
    """Read the last lines of workers' logs, worker by worker, oldest first.

    Args:
        worker_ids: One worker or several, also such as have ended; None: all active ones.
        n: How many lines of each; None, 0 or infinity: all.
        controller: The controller; None: the default one.
    Raises:
        WorkerNotFound: If one is unknown.
        InvalidArgument: If `n` is no such number.

    R: rrq_worker_log_tail
    """
    connection = chosen(controller)
    lines = _lines(n)
    workers = [record.id for record in worker_records(connection, worker_ids)]
    return connection.backend.workers.log_tail(workers, lines)


def worker_process_log(worker_id: str, *, controller: Connection | None = None) -> list[str]:
    """Read what a worker's process has printed, line by line, where its file can be read from here.

    Args:
        worker_id: The worker.
        controller: The controller; None: the default one.
    Raises:
        WorkerNotFound: If it is unknown.
        LogMissing: If the worker keeps no such log, or it cannot be read here.

    R: rrq_worker_process_log
    """
    (record,) = worker_records(chosen(controller), worker_id)
    if record.process_log is None:
        raise LogMissing(
            f"worker {worker_id!r} keeps no log of its process: what it prints goes to the terminal, or wherever it "
            "was started; worker_spawn(logdir=...) keeps one"
        )
    return read_lines(Path(record.process_log), worker_id)


def read_lines(path: Path, worker_id: str) -> list[str]:
    """Read a log of any bytes as lines of text.

    Raises:
        LogMissing: If it cannot be read here.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise LogMissing(
            f"the log of worker {worker_id!r} cannot be read here ({error}): it may be on another host, or gone with "
            "the process that started the worker"
        ) from error


def _lines(n: object) -> int | None:
    if n is None or n == 0 or n == math.inf:
        return None
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise InvalidArgument(f"n is a number of lines, or None, 0 or infinity for all, not {n!r}")
    return n
