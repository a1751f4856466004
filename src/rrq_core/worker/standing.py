"""Where a task stands that a worker was asked to run by its id."""

from rrq_core.errors import TaskNotFound
from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskField
from rrq_core.ports import Backend

_STATUS = frozenset({TaskField.STATUS})


def status_of(task: TaskId, backend: Backend) -> TaskStatus:
    """Read the status of a task.

    Raises:
        TaskNotFound: If there is no such task.
    """
    (record,) = backend.queue.read([task], _STATUS, follow=False)
    if record is None or record.status is None:
        raise TaskNotFound([task], backend.queue_id)
    return record.status
