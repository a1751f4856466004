"""What workers have written: their log in the store, and what their process printed."""

import math
from pathlib import Path

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.workers import Workers, worker_record, worker_records
from rrq_core.errors import InvalidArgument, LogMissing
from rrq_core.model.ids import WorkerId
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

    Nothing is read but a file that has the worker's id as its name, in the directory of logs that the worker told.

    Args:
        worker_id: The worker.
        controller: The controller; None: the default one.
    Raises:
        WorkerNotFound: If it is unknown.
        LogMissing: If the worker keeps no such log, it cannot be read here, or the path is none of a worker's log.

    R: rrq_worker_process_log
    """
    record = worker_record(chosen(controller), worker_id)
    if record.process_log is None:
        raise LogMissing(
            f"worker {worker_id!r} keeps no log of its process: what it prints goes to the terminal, or wherever it "
            "was started; worker_spawn(logdir=...) keeps one"
        )
    path = Path(record.process_log)
    _check_own(path, record.id)
    return read_lines(path, record.id)


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


def _check_own(path: Path, worker: WorkerId) -> None:
    """Check that a path is that of a worker's log: it comes from the store, where others can write too."""
    if not path.is_absolute() or path.resolve().name != worker or path.name != worker:
        raise LogMissing(
            f"the queue says that worker {worker!r} prints to {str(path)!r}, which is no log of a worker: that is a "
            "file with its id as name, in the directory of logs. It is not read"
        )


def _lines(n: object) -> int | None:
    if n is None or n == 0 or n == math.inf:
        return None
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise InvalidArgument(f"n is a number of lines, or None, 0 or infinity for all, not {n!r}")
    return n
