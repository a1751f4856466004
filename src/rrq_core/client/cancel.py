"""Cancelling: what waits is taken out at once, what runs in a process of its own is stopped."""

from contextlib import suppress

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reference import TaskLike, task_id_of
from rrq_core.client.seconds import Deadline, checked_seconds
from rrq_core.client.wait import iterate_over
from rrq_core.errors import CancelTimeout, InvalidArgument, NotCancellable, TaskTimeout
from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import CancelReply, TaskField

ASK_AGAIN = 1.0  # seconds; how it ended is told by the answer to the same question


def task_cancel(
    task: TaskLike, wait: bool = True, timeout_wait: float = 10, *, controller: Connection | None = None
) -> None:
    """Cancel a task. What depends on it becomes IMPOSSIBLE.

    One that waits, in a queue or DEFERRED, is CANCELLED at once. One that runs in a process of its own is stopped by
    its worker. One that runs inside its worker cannot be stopped. What the worker reports wins: a task that ends in
    just this moment stays as it ended, and is not tried again by its `retries`.

    Args:
        task: The task, as a handle or id. For one that was retried, name the one in its place.
        wait: Whether to wait until a running task has stopped.
        timeout_wait: Seconds to wait at most.
        controller: The controller; None: the default one.
    Raises:
        NotCancellable: If it runs inside its worker, or is over. Its status is in the error.
        CancelTimeout: If it was asked to stop and has not in time. It still is to stop.
        TaskNotFound: If it is unknown.

    R: rrq_task_cancel
    """
    connection = chosen(controller)
    id = task_id_of(task, connection.queue_id)
    deadline = Deadline(checked_seconds(timeout_wait, "timeout_wait"))
    if not isinstance(wait, bool):
        raise InvalidArgument(f"wait is True or False, not {wait!r}; how long to wait is timeout_wait, in seconds")
    was_asked = False
    while not _is_cancelled(connection, id, was_asked) and wait:
        if deadline.has_passed:
            raise CancelTimeout(
                f"task {id} was asked to stop and has not within {deadline.timeout:g} s; it is still to stop: "
                "wait for it, or look into its worker's log"
            )
        was_asked = True
        with suppress(TaskTimeout):
            limit = min(ASK_AGAIN, deadline.remaining)
            for _ in iterate_over(connection, [id], limit, progress=False, follow=False):
                pass


def _is_cancelled(connection: Connection, id: TaskId, was_asked: bool) -> bool:
    """Cancel a task; False if it was asked to stop.

    Raises:
        NotCancellable: If it cannot be cancelled.
    """
    answer = connection.backend.queue.cancel(id)
    if answer.reply is CancelReply.ASKED:
        return False
    if answer.reply is CancelReply.DONE or (was_asked and answer.status is TaskStatus.CANCELLED):
        return True
    if answer.reply is CancelReply.LOCAL:
        raise NotCancellable(
            f"task {id} cannot be cancelled: it is RUNNING inside its worker, which cannot stop it and live on; "
            "wait for it, and submit what may have to be stopped with separate_process=True"
        )
    raise NotCancellable(_why_over(connection, id, answer.status, was_asked))


def _why_over(connection: Connection, id: TaskId, status: TaskStatus, was_asked: bool) -> str:
    if status is TaskStatus.MOVED:
        (record,) = connection.backend.queue.read([id], frozenset({TaskField.STATUS}), follow=True)
        successor = "another task" if record is None else f"task {record.id}"
        return f"task {id} cannot be cancelled, it is MOVED: {successor} is in its place, cancel that one"
    if was_asked:
        return f"task {id} was asked to stop, and ended before it heard of it: it is {status}"
    return f"task {id} cannot be cancelled, it is {status}: it is over, and stays as it is"
