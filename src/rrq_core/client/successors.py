"""Tasks that run again: each under a new id, in the place of the last of its chain."""

from collections.abc import Callable, Sequence

from rrq_core.client.connection import Connection
from rrq_core.client.sent_ahead import sent_ahead
from rrq_core.errors import NotRetriable, TaskNotFound
from rrq_core.model.ids import Hash, QueueName, TaskId, new_task_id
from rrq_core.model.ids import queue_name as checked_queue_name
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry, TaskField, TaskRecord
from rrq_core.model.value import NewValue
from rrq_core.payload import EncodedCall

NewCalls = Callable[[TaskId], EncodedCall | None]

PORTION = 250  # tasks in one `retry`, which is whole or not at all


def run_again(
    connection: Connection, tasks: Sequence[TaskId], queue: str | None, calls: NewCalls | None = None
) -> list[TaskId]:
    """Retry tasks; more than a portion of them only after a look at all.

    Args:
        connection: Where they are.
        tasks: Any of their chains.
        queue: The queue in which they are to wait; None: each in the one it waited in before.
        calls: What is to run in the place of what a task ran before; None, or for a task None: the same again.
    Returns:
        The new ids, in order.
    Raises:
        TaskNotFound: If one is unknown. Nothing was written.
        NotRetriable: If one cannot run again. Nothing was written, or its attribute `retried` has the new ids of what
            was.
    """
    name = None if queue is None else checked_queue_name(queue)
    if len(tasks) > PORTION:
        _refuse_early(connection, tasks)
    new: list[TaskId] = []
    try:
        for start in range(0, len(tasks), PORTION):
            new += _retry(connection, tasks[start : start + PORTION], name, calls or _the_same)
    except BaseException as error:
        _tell_retried(error, new)
        raise
    return new


def _retry(connection: Connection, tasks: Sequence[TaskId], queue: QueueName | None, calls: NewCalls) -> list[TaskId]:
    retries, values = [], dict[Hash, NewValue]()
    for task in tasks:
        call = calls(task)
        own = {} if call is None else {value.hash: value for value in call.values}
        body = None if call is None else call.body
        retries.append(NewRetry(task=task, new=new_task_id(), queue=queue, body=body, values=tuple(own)))
        values |= own
    if values:
        with sent_ahead(connection, list(values.values())) as tag:
            connection.backend.queue.retry(retries)
            connection.values.take_back(tag)  # the new tasks have them now
    else:
        connection.backend.queue.retry(retries)
    connection.inbox.expect_nothing()
    return [retry.new for retry in retries]


def _the_same(_: TaskId) -> None:
    """Keep what a task runs."""


def _tell_retried(error: BaseException, new: Sequence[TaskId]) -> None:
    if new:
        vars(error)["retried"] = list(new)
        error.add_note(
            f"{len(new)} of the tasks were retried before this; their new ids are in its attribute `retried`"
        )


def _refuse_early(connection: Connection, tasks: Sequence[TaskId]) -> None:
    """Refuse what the first portions would not notice in the last ones."""
    records = connection.backend.queue.read(tasks, frozenset({TaskField.STATUS}), follow=True)
    unknown = [task for task, record in zip(tasks, records, strict=True) if record is None]
    if unknown:
        raise TaskNotFound(unknown, connection.queue_id, "nothing was retried")
    seen: set[TaskId] = set()
    for task, record in zip(tasks, records, strict=True):
        if record is not None:
            _check_leaf(task, record, seen)


def _check_leaf(task: TaskId, leaf: TaskRecord, seen: set[TaskId]) -> None:
    if leaf.id in seen:
        raise NotRetriable(f"task {task} is asked to be retried twice at once; once is enough")
    seen.add(leaf.id)
    if leaf.status is None or not leaf.status.is_terminal or leaf.status is TaskStatus.IMPOSSIBLE:
        which = f"task {task}" if task == leaf.id else f"task {task} (now {leaf.id})"
        remedy = "retry what it depends on, or submit it anew if that was deleted"
        if leaf.status is not TaskStatus.IMPOSSIBLE:
            remedy = "wait for it, or cancel it first"
        raise NotRetriable(f"{which} cannot be retried, it is {leaf.status}: {remedy}; nothing was retried")
