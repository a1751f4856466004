"""Results in an event loop."""

import asyncio
from typing import TypeVar

from rrq_core.client.connection import Connection
from rrq_core.client.results import task_result
from rrq_core.client.wait import iterate_over_async
from rrq_core.errors import ResultMissing
from rrq_core.model.reference import TaskReference

T = TypeVar("T")


async def await_result(connection: Connection, task: TaskReference[T]) -> T:
    """Wait until a task is over, without blocking the event loop, and give its value.

    Raises:
        TaskError: If it failed. It is of the original exception's type too.
    """
    while True:
        async for _ in iterate_over_async(connection, [task.id]):
            pass
        try:
            return await asyncio.to_thread(_result, connection, task)
        except ResultMissing:  # it was retried since it ended: what is in its place is waited for
            if not connection.follows(None):
                raise


def _result(connection: Connection, task: TaskReference[T]) -> T:
    return task_result(task, error=True, controller=connection)
