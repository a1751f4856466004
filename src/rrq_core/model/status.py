"""The words for where a task or a worker stands. Their values are stored and shown as they are."""

from enum import StrEnum


class TaskStatus(StrEnum):
    """Where a task stands in its life."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DEFERRED = "DEFERRED"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"
    DIED = "DIED"
    TIMEOUT = "TIMEOUT"
    IMPOSSIBLE = "IMPOSSIBLE"
    MOVED = "MOVED"
    MISSING = "MISSING"

    @property
    def is_terminal(self) -> bool:
        """Whether the task will not change any more by itself (MOVED: another task goes on in its place)."""
        return self not in _LIVE

    @property
    def is_failure(self) -> bool:
        """Whether the task ended without a value."""
        return self in _FAILURES


_LIVE = frozenset({TaskStatus.PENDING, TaskStatus.RUNNING, TaskStatus.DEFERRED})
_FAILURES = frozenset(
    {TaskStatus.ERROR, TaskStatus.CANCELLED, TaskStatus.DIED, TaskStatus.TIMEOUT, TaskStatus.IMPOSSIBLE}
)


class WorkerStatus(StrEnum):
    """Where a worker stands. EXITED left by itself; LOST was found to be gone."""

    IDLE = "IDLE"
    BUSY = "BUSY"
    PAUSED = "PAUSED"
    EXITED = "EXITED"
    LOST = "LOST"

    @property
    def is_active(self) -> bool:
        """Whether the worker takes part in the queue."""
        return self not in (WorkerStatus.EXITED, WorkerStatus.LOST)


class OnLost(StrEnum):
    """What becomes of a task whose worker was lost: it has DIED, or it goes back to the front of its queue."""

    DIED = "died"
    REQUEUE = "requeue"
