"""What running tasks tell of how far they are, as those see it who wait for them."""

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reference import TaskLike, task_id_of
from rrq_core.errors import TaskNotFound
from rrq_core.model.task import TaskField
from rrq_core.payload import decode_value, value_context


def task_progress(task: TaskLike, follow: bool | None = None, *, controller: Connection | None = None) -> object:
    """Give the last value that a task has told by `task_progress_update`, None if it has told none.

    It can be looked at while the task runs, and stays when it is over.

    Args:
        task: The task, as a handle or id.
        follow: Whether to look at the task in the place of one that was retried; None: as the controller.
        controller: The controller; None: the default one.
    Raises:
        TaskNotFound: If it is unknown.
        PayloadRefused: If the value cannot be unpickled here.

    R: rrq_task_progress
    """
    connection = chosen(controller)
    id = task_id_of(task, connection.queue_id)
    (record,) = connection.backend.queue.read([id], frozenset({TaskField.PROGRESS}), connection.follows(follow))
    if record is None:
        raise TaskNotFound([id], connection.queue_id)
    if record.progress is None:
        return None
    return decode_value(record.progress, value_context(connection.queue_id))
