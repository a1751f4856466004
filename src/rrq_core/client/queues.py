"""What waits in queues, and where."""

from collections.abc import Iterable
from typing import Literal, overload

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reference import TaskLike, select
from rrq_core.client.tasks import current_ids
from rrq_core.model.ids import DEFAULT_QUEUE, QueueName, queue_name


def queue_length(queue: str | None = None, *, controller: Connection | None = None) -> int:
    """Count the tasks that wait in a queue.

    Args:
        queue: The name of the queue; None: "default".
        controller: The controller; None: the default one.
    Raises:
        InvalidName: If it is no queue name.

    R: rrq_queue_length
    """
    return chosen(controller).backend.queue.waiting(_name_of(queue), 0, 0).total


def queue_list(queue: str | None = None, *, controller: Connection | None = None) -> list[str]:
    """List the ids of the tasks that wait in a queue, the next to run first.

    Args:
        queue: The name of the queue; None: "default".
        controller: The controller; None: the default one.
    Raises:
        InvalidName: If it is no queue name.

    R: rrq_queue_list
    """
    return list(chosen(controller).backend.queue.waiting(_name_of(queue)).tasks)


# A str is one task, though it is also an iterable of strings: hence the overlaps below.
@overload
def queue_remove(  # type: ignore[overload-overlap]
    tasks: TaskLike,
    queue: str | None = None,
    *,
    named: Literal[False] = False,
    controller: Connection | None = None,
) -> bool: ...
@overload
def queue_remove(
    tasks: Iterable[TaskLike],
    queue: str | None = None,
    *,
    named: Literal[False] = False,
    controller: Connection | None = None,
) -> list[bool]: ...
@overload
def queue_remove(
    tasks: TaskLike | Iterable[TaskLike],
    queue: str | None = None,
    *,
    named: Literal[True],
    controller: Connection | None = None,
) -> dict[str, bool]: ...
def queue_remove(
    tasks: TaskLike | Iterable[TaskLike],
    queue: str | None = None,
    *,
    named: bool = False,
    controller: Connection | None = None,
) -> bool | list[bool] | dict[str, bool]:
    """Take tasks out of a queue before they run: they are CANCELLED, and what depends on them IMPOSSIBLE.

    Args:
        tasks: One task or several, as handles or ids.
        queue: The name of the queue; None: "default".
        named: Whether to give a dict by task id.
        controller: The controller; None: the default one.
    Returns:
        Whether it was in the queue; a list for several.
    Raises:
        InvalidName: If it is no queue name.

    R: rrq_queue_remove
    """
    connection = chosen(controller)
    selection = select(tasks, connection.queue_id)
    return selection.shaped(connection.backend.queue.remove(selection.ids, _name_of(queue)), named)


@overload
def task_position(  # type: ignore[overload-overlap]
    tasks: TaskLike,
    missing: int = 0,
    queue: str | None = None,
    follow: bool | None = None,
    *,
    named: Literal[False] = False,
    controller: Connection | None = None,
) -> int: ...
@overload
def task_position(
    tasks: Iterable[TaskLike],
    missing: int = 0,
    queue: str | None = None,
    follow: bool | None = None,
    *,
    named: Literal[False] = False,
    controller: Connection | None = None,
) -> list[int]: ...
@overload
def task_position(
    tasks: TaskLike | Iterable[TaskLike],
    missing: int = 0,
    queue: str | None = None,
    follow: bool | None = None,
    *,
    named: Literal[True],
    controller: Connection | None = None,
) -> dict[str, int]: ...
def task_position(
    tasks: TaskLike | Iterable[TaskLike],
    missing: int = 0,
    queue: str | None = None,
    follow: bool | None = None,
    *,
    named: bool = False,
    controller: Connection | None = None,
) -> int | list[int] | dict[str, int]:
    """Tell which place tasks have in a queue; 1 is the next to run.

    Args:
        tasks: One task or several, as handles or ids.
        missing: The answer for a task that is not in the queue.
        queue: The name of the queue; None: "default".
        follow: Whether to look for the tasks in the place of those that were retried; None: as the controller.
        named: Whether to give a dict by task id.
        controller: The controller; None: the default one.
    Returns:
        One place for one task, a list for several.

    R: rrq_task_position
    """
    connection = chosen(controller)
    name = _name_of(queue)
    selection = select(tasks, connection.queue_id)
    places = connection.backend.queue.positions(current_ids(connection, selection.ids, follow), name)
    return selection.shaped([missing if place is None else place for place in places], named)


def task_preceding(
    task: TaskLike,
    queue: str | None = None,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> list[str] | None:
    """List the ids of the tasks ahead of one in a queue, the next to run first; None if it is not in the queue.

    Args:
        task: The task, as a handle or id.
        queue: The name of the queue; None: "default".
        follow: Whether to look for the task in the place of one that was retried; None: as the controller.
        controller: The controller; None: the default one.

    R: rrq_task_preceeding
    """
    connection = chosen(controller)
    name = _name_of(queue)
    (current,) = current_ids(connection, [task], follow)
    ahead = connection.backend.queue.preceding(current, name)
    return None if ahead is None else list(ahead)


def _name_of(queue: str | None) -> QueueName:
    return DEFAULT_QUEUE if queue is None else queue_name(queue)
