"""All that is known of one task, but for its call and its result. Nothing here unpickles anything."""

from collections.abc import Iterator

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reference import TaskLike, task_id_of
from rrq_core.errors import TaskNotFound
from rrq_core.model.ids import DEFAULT_QUEUE, TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskField, TaskRecord, TaskTimes
from rrq_core.model.task_info import TaskInfo, TaskTies

FIELDS = frozenset(
    {
        TaskField.STATUS,
        TaskField.QUEUE,
        TaskField.WORKER,
        TaskField.PROCESS,
        TaskField.TIMES,
        TaskField.MOVED,
        TaskField.DEPENDENCIES,
        TaskField.DUE,
        TaskField.ATTEMPTS,
    }
)


def task_info(task: TaskLike, *, controller: Connection | None = None) -> TaskInfo:
    """Tell what is known of a task: where it stands and runs, its attempts, what it depends on, its retry chain.

    It is of just this task: `moved.down` names those in its place, if it was retried.

    Args:
        task: The task, as a handle or id.
        controller: The controller; None: the default one.
    Raises:
        TaskNotFound: If it is unknown.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://info") as q, rrq.worker_spawn(1):
    ...     task = q.submit(pow, 2, 10)
    ...     task.wait()
    ...     [(attempt.number, attempt.status) for attempt in rrq.task_info(task).attempts]
    True
    [(1, <TaskStatus.COMPLETE: 'COMPLETE'>)]

    R: rrq_task_info
    """
    connection = chosen(controller)
    id = task_id_of(task, connection.queue_id)
    (record,) = connection.backend.queue.read([id], FIELDS, follow=False)
    if record is None:
        raise TaskNotFound([id], connection.queue_id)
    return TaskInfo(
        id=id,
        status=record.status or TaskStatus.MISSING,
        queue=record.queue or DEFAULT_QUEUE,
        separate_process=bool(record.separate_process),
        timeout=record.timeout,
        worker=record.worker,
        pid=record.pid,
        depends=TaskTies(up=record.depends_on or (), down=record.needed_by or ()),
        moved=_chain(connection, record),
        attempts=record.attempts or (),
        times=record.times or TaskTimes(),
        due=record.due,
    )


def _chain(connection: Connection, record: TaskRecord) -> TaskTies:
    """Find the retry chain of a task."""
    up: list[TaskId] = []
    for member in _from(connection, record.moved_root):
        if member == record.id:
            break
        up.append(member)
    return TaskTies(up=tuple(up), down=tuple(_from(connection, record.moved_to)))


def _from(connection: Connection, task: TaskId | None) -> Iterator[TaskId]:
    """Go through a retry chain from one of its tasks to the last; it ends where a task is deleted meanwhile."""
    while task is not None:
        yield task
        (record,) = connection.backend.queue.read([task], frozenset({TaskField.MOVED}), follow=False)
        task = None if record is None else record.moved_to
