"""Waiting for tasks and reading what they gave, as one thing."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from rrq_core.client.connection import Connection
from rrq_core.client.seconds import Deadline
from rrq_core.client.wait import iterate_over
from rrq_core.errors import ResultMissing
from rrq_core.model.ids import TaskId
from rrq_core.model.task import Ended

T = TypeVar("T")


def waited(
    connection: Connection,
    tasks: Sequence[TaskId],
    timeout: float | None,
    progress: bool | None,
    read: Callable[[Sequence[Ended]], T],
) -> T:
    """Wait until tasks are over, and read their results.

    Args:
        connection: Where they are.
        tasks: What to wait for.
        timeout: Seconds; None: as `task_wait`.
        progress: Whether to show a bar; None: as `task_wait`.
        read: Reads the results of those that have ended.
    Raises:
        TaskTimeout: If they are not over in time. They go on.
    """
    deadline = Deadline(connection.wait_limit(timeout))
    limit = deadline.timeout
    while True:
        batches = iterate_over(connection, tasks, limit, progress=progress)
        ended = [end for batch in batches for end in batch]
        try:
            return read(ended)
        except ResultMissing:
            if not connection.follows(None):
                raise
        limit = deadline.remaining  # one was retried since it ended: what is in its place is waited for
