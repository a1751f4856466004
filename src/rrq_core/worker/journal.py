"""The worker's log: lines that go to the store, and to where the worker prints."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from rrq_core.model.work import Session
from rrq_core.model.worker import NewLogEntry
from rrq_core.ports import Workers


class WriteLog(Protocol):
    """What writes lines of a worker's log."""

    def __call__(self, *entries: NewLogEntry) -> None:
        """Write them, all in one call to the store."""


class Journal:
    """Writes a worker's log.

    Args:
        workers: Where the log is kept.
        printer: What prints a line, None for a silent worker.
    """

    def __init__(self, workers: Workers, printer: Callable[[str], None] | None) -> None:
        self._workers = workers
        self._printer = printer

    def write(self, session: Session, entries: Sequence[NewLogEntry]) -> None:
        """Keep lines in the store's log, and print them.

        Raises:
            Fenced: If the session is over.
        """
        self._workers.log(session, entries)
        for entry in entries:
            self.show(entry.command, entry.message, entry.child)

    def show(self, command: str, message: str, child: int | None = None) -> None:
        """Print a line that the store writes by itself, or that is for this place only."""
        if self._printer is not None:
            time = datetime.now(UTC).isoformat(timespec="milliseconds")
            stamp = time if child is None else f"{time}/{child}"
            self._printer(f"{stamp} {command} {message}".rstrip())
