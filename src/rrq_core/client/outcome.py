"""Waiting for tasks and reading what they gave, as one thing."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from rrq_core.client.connection import Connection
from rrq_core.client.reference import TaskLike
from rrq_core.client.seconds import Deadline
from rrq_core.client.wait import task_wait
from rrq_core.errors import ResultMissing

T = TypeVar("T")


def waited(
    connection: Connection,
    tasks: TaskLike | Iterable[TaskLike],
    timeout: float | None,
    progress: bool | None,
    read: Callable[[], T],
) -> T:
    """Wait until tasks are over, and read their results.

    Args:
        connection: Where they are.
        tasks: What to wait for; gone through more than once.
        timeout: Seconds; None: as `task_wait`.
        progress: Whether to show a bar; None: as `task_wait`.
        read: Reads the results.
    Raises:
        TaskTimeout: If they are not over in time. They go on.
    """
    deadline = Deadline(connection.wait_limit(timeout))
    limit = deadline.timeout
    while True:
        task_wait(tasks, limit, progress=progress, controller=connection)
        try:
            return read()
        except ResultMissing:
            if not connection.follows(None):
                raise
        limit = deadline.remaining  # one was retried since it ended: what is in its place is waited for
