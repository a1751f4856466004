"""Retrying by hand."""

from collections.abc import Iterable
from typing import Any, Literal, TypeVar, overload

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reference import TaskLike, select
from rrq_core.client.successors import run_again
from rrq_core.client.task import Task
from rrq_core.model.reference import TaskReference

T = TypeVar("T")


# A str is one task, though it is also an iterable of strings: hence the overlap below.
@overload
def task_retry(
    tasks: TaskReference[T],
    *,
    queue: str | None = None,
    named: Literal[False] = False,
    controller: Connection | None = None,
) -> Task[T]: ...
@overload
def task_retry(  # type: ignore[overload-overlap]
    tasks: str, *, queue: str | None = None, named: Literal[False] = False, controller: Connection | None = None
) -> Task[Any]: ...  # an id does not say what type its result has
@overload
def task_retry(
    tasks: Iterable[TaskReference[T]],
    *,
    queue: str | None = None,
    named: Literal[False] = False,
    controller: Connection | None = None,
) -> list[Task[T]]: ...
@overload
def task_retry(
    tasks: Iterable[TaskLike],
    *,
    queue: str | None = None,
    named: Literal[False] = False,
    controller: Connection | None = None,
) -> list[Task[Any]]: ...
@overload
def task_retry(
    tasks: TaskLike | Iterable[TaskLike],
    *,
    queue: str | None = None,
    named: Literal[True],
    controller: Connection | None = None,
) -> dict[str, Task[Any]]: ...
def task_retry(
    tasks: TaskLike | Iterable[TaskLike],
    *,
    queue: str | None = None,
    named: bool = False,
    controller: Connection | None = None,
) -> Task[Any] | list[Task[Any]] | dict[str, Task[Any]]:
    """Run tasks that are over again, each as a new task in the place of the old one, which becomes MOVED.

    With `follow`, which is what happens if nothing is said, the old handle shows the new task from now on. Tasks that
    depend on the old one wait for the new one; those that were IMPOSSIBLE for nothing else wait again. Also one that is
    COMPLETE can be retried. Of a task that was retried before, the last in its chain is.

    Args:
        tasks: One task or several, as handles or ids.
        queue: The queue in which they are to wait; None: the one in which each waited before.
        named: Whether to give a dict by the ids of the tasks that were given.
        controller: The controller; None: the default one.
    Returns:
        The new task; a list for several, in order. Up to 250 are retried whole or not at all, more in portions of so
        many, once all have been looked at.
    Raises:
        NotRetriable: If one is not over, is IMPOSSIBLE (retry what it depends on), depends on a deleted task, or is
            named twice.
        TaskNotFound: If one is unknown.
        InvalidName: If `queue` is no queue name.

    R: rrq_task_retry
    """
    connection = chosen(controller)
    selection = select(tasks, connection.queue_id)
    new = run_again(connection, selection.ids, queue)
    return selection.shaped([Task(id, connection.queue_id, connection) for id in new], named)
