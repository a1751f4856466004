"""Results of tasks: the value of a task that is COMPLETE, the error of one that failed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar, overload

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reason import sentences
from rrq_core.client.reference import TaskLike, select, task_id_of
from rrq_core.client.task_error import TaskError, group_of, to_raise
from rrq_core.errors import ObjectMissing, ResultMissing, TaskNotFound
from rrq_core.model.ids import Hash, QueueId, TaskId
from rrq_core.model.reference import TaskReference
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended, TaskField, TaskRecord
from rrq_core.model.value import Buffer, Stored
from rrq_core.payload import Failure, decode_failure, decode_value, value_context

T = TypeVar("T")
PORTION = 500  # tasks in one `read`
FIELDS = frozenset({TaskField.STATUS, TaskField.VALUE, TaskField.REASON})


@overload
def task_result(
    task: TaskReference[T], error: Literal[True], follow: bool | None = None, *, controller: Connection | None = None
) -> T: ...
@overload
def task_result(
    task: TaskReference[T], error: bool = False, follow: bool | None = None, *, controller: Connection | None = None
) -> T | TaskError: ...
@overload
def task_result(  # an id does not say what type its result has
    task: str, error: bool = False, follow: bool | None = None, *, controller: Connection | None = None
) -> Any: ...
def task_result(
    task: TaskLike, error: bool = False, follow: bool | None = None, *, controller: Connection | None = None
) -> object:
    """Give the result of a task: its value, or a `TaskError` if it failed.

    Args:
        task: The task, as a handle or id.
        error: Whether to raise the error instead of giving it. What is raised is of the original exception's type too.
        follow: Whether to look at the task in the place of one that was retried; None: as the controller.
        controller: The controller; None: the default one.
    Raises:
        ResultMissing: If the task is not over.
        TaskNotFound: If it is unknown.
        PayloadRefused: If the value cannot be unpickled here.
        OffloadError: If it is in the offload, and cannot be read there.

    R: rrq_task_result
    """
    connection = chosen(controller)
    (result,) = read_results(connection, [task_id_of(task, connection.queue_id)], follow)
    if error and isinstance(result, Failed):
        raise to_raise(result.error)
    return _shown(result)


@overload
def task_results(
    tasks: Iterable[TaskReference[T]],
    error: Literal[True],
    named: Literal[False] = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> list[T]: ...
@overload
def task_results(
    tasks: Iterable[TaskReference[T]],
    error: bool = False,
    named: Literal[False] = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> list[T | TaskError]: ...
@overload
def task_results(  # ids do not say what type their results have
    tasks: TaskLike | Iterable[TaskLike],
    error: bool = False,
    named: Literal[False] = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> list[Any]: ...
@overload
def task_results(
    tasks: TaskLike | Iterable[TaskLike],
    error: bool = False,
    *,
    named: Literal[True],
    follow: bool | None = None,
    controller: Connection | None = None,
) -> dict[str, Any]: ...
def task_results(
    tasks: TaskLike | Iterable[TaskLike],
    error: bool = False,
    named: bool = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> object:
    """Give the results of several tasks, in order: values, and a `TaskError` for each that failed.

    Args:
        tasks: The tasks, as handles or ids.
        error: Whether to raise the errors, as a `TaskErrorGroup`, if there are any.
        named: Whether to give a dict by task id.
        follow: Whether to look at the tasks in the place of those that were retried; None: as the controller.
        controller: The controller; None: the default one.
    Raises:
        ResultMissing: If one is not over.
        TaskNotFound: If one is unknown.
        PayloadRefused: If a value cannot be unpickled here.
        OffloadError: If one is in the offload, and cannot be read there.

    R: rrq_task_results
    """
    connection = chosen(controller)
    selection = select(tasks, connection.queue_id)
    results = read_results(connection, selection.ids, follow)
    if error:
        _refuse_failures(results)
    shown = [_shown(result) for result in results]
    return selection.by_id(shown) if named else shown


class Failed:
    """The error of a task, told apart from a value that is such an error."""

    __slots__ = ("error",)

    def __init__(self, error: TaskError) -> None:
        self.error = error


def _shown(result: object) -> object:
    return result.error if isinstance(result, Failed) else result


def read_results(connection: Connection, tasks: Sequence[TaskId], follow: bool | None) -> list[object]:
    """Read what tasks gave, in order: values, and `Failed` for those that failed.

    Raises:
        ResultMissing, TaskNotFound, PayloadRefused: As `task_results`.
    """
    follows = connection.follows(follow)
    results: list[object] = []
    for start in range(0, len(tasks), PORTION):
        portion = tasks[start : start + PORTION]
        records = connection.backend.queue.read(portion, FIELDS, follows)
        results.extend(_results_of(connection, portion, records))
    return results


def outcome(connection: Connection, end: Ended) -> Any:  # news does not say what type the result has
    """Give the value of a task that has ended, which the news may have brought along.

    Raises:
        TaskError: If it failed. It is of the original exception's type too.
        ResultMissing, TaskNotFound, PayloadRefused: As `task_result`.
    """
    if end.value is not None:
        return decode_value(end.value, value_context(connection.queue_id))
    (result,) = read_results(connection, [end.task], None)
    if isinstance(result, Failed):
        raise to_raise(result.error)
    return result


def outcomes(connection: Connection, tasks: Sequence[TaskId], ended: Iterable[Ended]) -> list[Any]:
    """Give the values of tasks that have ended, in order. Those that the news has brought along are not read again.

    Raises:
        TaskErrorGroup: If some failed.
        ResultMissing, TaskNotFound, PayloadRefused: As `task_results`.
    """
    told = {end.task: end.value for end in ended if end.value is not None}
    read = iter(read_results(connection, [task for task in tasks if task not in told], None))
    context = value_context(connection.queue_id)
    results = [decode_value(told[task], context) if task in told else next(read) for task in tasks]
    _refuse_failures(results)
    return results


def _refuse_failures(results: Sequence[object]) -> None:
    failed = [result.error for result in results if isinstance(result, Failed)]
    if failed:
        raise group_of(failed, len(results))


def _results_of(connection: Connection, tasks: Sequence[TaskId], records: Sequence[TaskRecord | None]) -> list[object]:
    over = _all_over(connection.queue_id, tasks, records)
    stored = {record.result: record.value for record in over if record.result is not None}
    left_out = [hashed for hashed, value in stored.items() if value is None]
    if left_out:  # the answer would have been too long
        stored.update(zip(left_out, connection.backend.objects.get(left_out), strict=True))
    unspoken = [record for record in over if _has_failed(record) and record.result is None]
    reasons = sentences(connection, unspoken) if unspoken else {}
    return [_result_of(connection.queue_id, record, _data_of(connection, record, stored), reasons) for record in over]


def _all_over(queue_id: QueueId, tasks: Sequence[TaskId], records: Sequence[TaskRecord | None]) -> list[TaskRecord]:
    unknown = [task for task, record in zip(tasks, records, strict=True) if record is None]
    if unknown:
        raise TaskNotFound(unknown, queue_id, "there is no result")
    found = [record for record in records if record is not None]
    open_ones = [record for record in found if not (record.status is TaskStatus.COMPLETE or _has_failed(record))]
    if open_ones:
        first = open_ones[0]
        others = f" ({len(open_ones)} of {len(tasks)} tasks have none)" if len(open_ones) > 1 else ""
        raise ResultMissing(f"task {first.id} {_why_open(first)}{others}")
    return found


def _why_open(record: TaskRecord) -> str:
    if record.status is TaskStatus.MOVED:
        return "is MOVED and has no result of its own: follow=True finds the task in its place, task_info() names it"
    return f"is {record.status} and has no result yet: wait for it first"


def _has_failed(record: TaskRecord) -> bool:
    return record.status is not None and record.status.is_failure


def _data_of(connection: Connection, record: TaskRecord, stored: Mapping[Hash, Stored | None]) -> Buffer | None:
    if record.result is None:
        return None
    value = stored[record.result]
    if value is None:
        raise ObjectMissing([record.result], f"the result of task {record.id} was deleted meanwhile")
    return connection.values.bytes_of(record.result, value)


def _result_of(queue_id: QueueId, record: TaskRecord, data: Buffer | None, reasons: Mapping[TaskId, str]) -> object:
    context = value_context(queue_id)
    if record.status is TaskStatus.COMPLETE and data is not None:
        return decode_value(data, context)
    failure = None if data is None else decode_failure(data, context)
    why = reasons.get(record.id, "") if failure is None else failure.summary
    return Failed(_error_of(queue_id, record, why, failure))


def _error_of(queue_id: QueueId, record: TaskRecord, why: str, failure: Failure | None) -> TaskError:
    status = record.status or TaskStatus.MISSING
    message = f"task {record.id} is {status}: {why}"
    return TaskError(status=status, task_id=record.id, queue_id=queue_id, message=message, failure=failure)
