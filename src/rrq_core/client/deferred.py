"""What waits before it may join a queue."""

from collections.abc import Sequence
from itertools import islice

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskField, TaskRecord

PORTION = 500  # tasks in one look


def deferred_list(*, controller: Connection | None = None) -> dict[str, dict[str, TaskStatus]]:
    """List the DEFERRED tasks, in any order, each with the tasks that it waits for and where they stand.

    One that waits for its time alone, because of a `delay` or between two attempts, waits for no task: it has an empty
    dict, and `task_info(task).due` tells when it may start. With many tasks this takes a while.

    Args:
        controller: The controller; None: the default one.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://deferred") as q:
    ...     first = q.submit(pow, 2, 10)
    ...     second = q.submit(abs, first)
    ...     rrq.deferred_list() == {second.id: {first.id: "PENDING"}}
    True

    R: rrq_deferred_list
    """
    connection = chosen(controller)
    deferred: dict[str, dict[str, TaskStatus]] = {}
    ids = connection.backend.queue.tasks(TaskStatus.DEFERRED)
    while portion := list(islice(ids, PORTION)):
        deferred |= _look(connection, portion)
    return deferred


def _look(connection: Connection, tasks: Sequence[TaskId]) -> dict[str, dict[str, TaskStatus]]:
    records = _read(connection, tasks, TaskField.DEPENDENCIES)
    waiting = {
        record.id: record.waits_for or () for record in records if record and record.status is TaskStatus.DEFERRED
    }
    awaited = list(dict.fromkeys(task for tasks in waiting.values() for task in tasks))
    found = dict(zip(awaited, _read(connection, awaited, TaskField.STATUS), strict=True))
    return {task: {one: _status(found[one]) for one in several} for task, several in waiting.items()}


def _read(connection: Connection, tasks: Sequence[TaskId], what: TaskField) -> Sequence[TaskRecord | None]:
    return connection.backend.queue.read(tasks, frozenset({what}), follow=False)


def _status(record: TaskRecord | None) -> TaskStatus:
    return TaskStatus.MISSING if record is None or record.status is None else record.status
