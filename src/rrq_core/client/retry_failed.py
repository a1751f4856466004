"""Retrying what failed of some tasks."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from rrq_core.client.connection import Connection
from rrq_core.client.mended import Mended
from rrq_core.client.successors import run_again
from rrq_core.client.task import Task
from rrq_core.errors import NotRetriable
from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskField, TaskRecord

T = TypeVar("T")


def retry_failed(
    connection: Connection, tasks: Sequence[Task[T]], queue: str | None, mended: Mended | None = None
) -> list[Task[T]]:
    """Retry those of some tasks that failed; answer what goes on in their place, in order.

    Args:
        connection: Where they are.
        tasks: The tasks.
        queue: The queue in which they are to wait; None: each in the one it waited in before.
        mended: What is to run in the place of what they ran.
    Raises:
        NotRetriable: If none of those that failed can be retried.
    """
    leaves = _leaves(connection, [task.id for task in tasks])
    failed = [task for task, leaf in leaves.items() if _status(leaf).is_failure]
    retried = [task for task in failed if leaves[task].status is not TaskStatus.IMPOSSIBLE]
    if failed and not retried:
        raise NotRetriable(
            f"{len(failed)} of the tasks failed, and all of these are IMPOSSIBLE, task {failed[0]} among them: "
            "retry what they depend on, and they wait again"
        )
    calls = None if mended is None else lambda task: mended.call(leaves[task])
    new = dict(zip(retried, run_again(connection, retried, queue, calls), strict=True))
    now = _leaves(connection, [task for task in failed if task not in new])
    revived = {task: task for task, leaf in now.items() if leaf.status is not TaskStatus.IMPOSSIBLE}
    follower = {**new, **revived}
    return [Task(follower[task], connection.queue_id, connection) for task in failed if task in follower]


def _leaves(connection: Connection, tasks: Sequence[TaskId]) -> Mapping[TaskId, TaskRecord]:
    """Give the last of each task's chain, each once."""
    records = connection.backend.queue.read(tasks, frozenset({TaskField.STATUS, TaskField.MOVED}), follow=True)
    return {record.id: record for record in records if record is not None}


def _status(record: TaskRecord) -> TaskStatus:
    return record.status or TaskStatus.MISSING
