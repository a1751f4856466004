"""What a task calls: the one look at tasks that unpickles what their callers sent."""

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reference import TaskLike, task_id_of
from rrq_core.errors import ObjectMissing, TaskNotFound
from rrq_core.model.ids import Hash, TaskId
from rrq_core.model.task import TaskField, TaskRecord
from rrq_core.model.value import Buffer
from rrq_core.payload import Context, PayloadKind, decode_arguments, describe_call, stored_values_of

FIELDS = frozenset({TaskField.BODY, TaskField.MOVED, TaskField.DEPENDENCIES})


@frozen(kw_only=True)
class TaskData:
    """What a task calls.

    Args:
        function: The name of the function, with its module.
        args: Positional arguments. In the place of another task's result is the id of that task.
        kwargs: Keyword arguments, likewise.
    """

    function: str
    args: tuple[object, ...] = field(repr=False)
    kwargs: Mapping[str, object] = field(repr=False)


def task_data(task: TaskLike, *, controller: Connection | None = None) -> TaskData:
    """Give what a task calls, with its arguments. These are unpickled here: what they are made of must be importable.

    Args:
        task: The task, as a handle or id. One that was retried calls what the first of its chain did.
        controller: The controller; None: the default one.
    Raises:
        TaskNotFound: If it is unknown.
        PayloadRefused: If its arguments cannot be unpickled here.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://data") as q:
    ...     data = rrq.task_data(q.submit(pow, 2, 10))
    >>> data.function, data.args
    ('builtins.pow', (2, 10))

    R: rrq_task_data
    """
    connection = chosen(controller)
    id = task_id_of(task, connection.queue_id)
    (record,) = connection.backend.queue.read([id], FIELDS, follow=False)
    if record is None or record.body is None:
        raise TaskNotFound([id], connection.queue_id)
    context = Context(kind=PayloadKind.TASK, queue_id=connection.queue_id, names=(record.moved_root or record.id,))
    args, kwargs = _arguments(connection, record, record.body, context)
    return TaskData(function=describe_call(record.body, context), args=args, kwargs=kwargs)


def _arguments(
    connection: Connection, record: TaskRecord, body: bytes, context: Context
) -> tuple[tuple[object, ...], Mapping[str, object]]:
    values = stored_values(connection, record.id, stored_values_of(body, context))
    return decode_arguments(body, context, values, {parent: parent for parent in record.depends_on or ()})


def stored_values(connection: Connection, task: TaskId, hashes: Sequence[Hash]) -> Mapping[Hash, Buffer]:
    """Get the stored values that the body of a task names.

    Raises:
        ObjectMissing: If one is gone.
    """
    if not hashes:
        return {}
    found = zip(hashes, connection.values.get(hashes), strict=True)
    values = {hash: data for hash, data in found if data is not None}
    if gone := [hash for hash in hashes if hash not in values]:
        raise ObjectMissing(gone, f"an argument of task {task} was deleted meanwhile")
    return values
