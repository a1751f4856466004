"""What a task in a process of its own has printed: from its file where that can be read, else the tail that is kept."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO, Literal, overload

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reference import TaskLike, task_id_of
from rrq_core.client.seconds import Deadline
from rrq_core.client.wishes import Delivery
from rrq_core.errors import TaskNotFound
from rrq_core.model.ids import TaskId
from rrq_core.model.task import TaskField, TaskRecord

FIELDS = frozenset({TaskField.STATUS, TaskField.PROCESS, TaskField.LOG, TaskField.TIMES})

_LOOK_AT_FILE = 0.1  # seconds between two looks
_LOOK_AT_TASK = 1.0
_CHUNK = 256 * 1024


@overload
def task_log(
    task: TaskLike, follow: Literal[False] = False, *, controller: Connection | None = None
) -> list[str] | None: ...
@overload
def task_log(task: TaskLike, follow: Literal[True], *, controller: Connection | None = None) -> Iterator[str]: ...
@overload
def task_log(
    task: TaskLike, follow: bool, *, controller: Connection | None = None
) -> list[str] | Iterator[str] | None: ...
def task_log(
    task: TaskLike, follow: bool = False, *, controller: Connection | None = None
) -> list[str] | Iterator[str] | None:
    r"""Read what a task has printed that runs in a process of its own (`separate_process=True`), line by line.

    All of it, if its worker has a `logdir` that can be read from here. Else the last 64 KiB, once the task is over; the
    first line then says how much is left out. Bytes that are no UTF-8 are shown as \xff. Of a task that was retried it
    is the log of the last of its chain, if the controller follows.

    Args:
        task: The task, as handle or id.
        follow: Whether to go on while the task runs: an iterator gives each line as it comes where the file can be
            read, else the tail when the task is over. It ends with the task.
        controller: The controller; None: the default one.
    Returns:
        The lines. None if there is nothing to read yet, and for a task that runs inside its worker.
    Raises:
        TaskNotFound: If it is unknown.

    R: rrq_task_log
    """
    connection = chosen(controller)
    record = _read(connection, task_id_of(task, connection.queue_id), connection.follows(None))
    return _following(connection, record) if follow else _lines_of(record)


def _read(connection: Connection, task: TaskId, follow: bool) -> TaskRecord:
    (record,) = connection.backend.queue.read([task], FIELDS, follow)
    if record is None:
        raise TaskNotFound([task], connection.queue_id, "there is no log")
    return record


def _lines_of(record: TaskRecord) -> list[str] | None:
    if not _has_run(record):
        return None
    if record.logfile is not None:
        try:
            return _lines(Path(record.logfile).read_bytes())
        except OSError:  # on another host, perhaps: what is kept with the task serves as well
            return _kept_lines(record)
    return _kept_lines(record)


def _has_run(record: TaskRecord) -> bool:
    return bool(record.separate_process) and record.times is not None and record.times.start is not None


def _kept_lines(record: TaskRecord) -> list[str] | None:
    if record.log is not None:
        return _lines(record.log)
    return [] if _is_over(record) else None


def _is_over(record: TaskRecord) -> bool:
    return record.status is not None and record.status.is_terminal


def _lines(printed: bytes) -> list[str]:
    lines = printed.decode("utf-8", "backslashreplace").split("\n")
    return lines if lines[-1] else lines[:-1]


def _following(connection: Connection, record: TaskRecord) -> Iterator[str]:
    """Give the lines of a task as they come, until it is over."""
    if not record.separate_process:
        return
    news: SimpleQueue[Delivery] = SimpleQueue()
    watching = connection.inbox.watching([record.id], news.put, follow=False)
    with ExitStack() as stack, watching as ask:
        ask()
        file: _GrowingFile | None = None
        while True:
            record = _read(connection, record.id, follow=False)
            is_over = _is_over(record)  # seen before the file is read: so what is read then is all
            file = file or _opened(record, stack)
            yield from _new_lines(file, news)
            if is_over:
                yield from _last_lines(file, record)
                return


class _GrowingFile:
    """A file that is written meanwhile, read by lines."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unfinished = b""

    def lines(self) -> list[str]:
        """Read the lines that have been ended since."""
        lines: list[str] = []
        while chunk := self._file.read(_CHUNK):
            whole, newline, rest = (self._unfinished + chunk).rpartition(b"\n")
            lines += _lines(whole + newline)
            self._unfinished = rest
        return lines

    def rest(self) -> list[str]:
        """Give the last line, which was never ended, if there is one."""
        return _lines(self._unfinished)


def _opened(record: TaskRecord, stack: ExitStack) -> _GrowingFile | None:
    if record.logfile is None or not os.access(record.logfile, os.R_OK):
        return None
    return _GrowingFile(stack.enter_context(Path(record.logfile).open("rb")))


def _new_lines(file: _GrowingFile | None, news: "SimpleQueue[Delivery]") -> Iterator[str]:
    """Give what comes until it is time to look at the task again."""
    look_at_task = Deadline(_LOOK_AT_TASK)
    while True:
        if file is not None:
            yield from file.lines()
        if look_at_task.has_passed or _is_told(news):
            return


def _is_told(news: "SimpleQueue[Delivery]") -> bool:
    """Wait a moment for word that the task is over; whether it came."""
    try:
        told = news.get(timeout=_LOOK_AT_FILE)
    except Empty:
        return False
    if isinstance(told, Exception):
        raise told
    return True


def _last_lines(file: _GrowingFile | None, record: TaskRecord) -> list[str]:
    if file is None:
        return _lines_of(record) or []
    return file.rest()
