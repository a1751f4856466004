"""Looking at tasks, and deleting them. Nothing here unpickles anything."""

from collections.abc import Iterable
from typing import Literal, overload

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.reference import Selection, TaskLike, select, task_id_of
from rrq_core.errors import InvalidArgument, TaskNotFound
from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskField, TaskRecord, TaskTimes


def task_list(*, controller: Connection | None = None) -> list[str]:
    """List the ids of all tasks, in any order. With many tasks this takes a while.

    R: rrq_task_list
    """
    return list(chosen(controller).backend.queue.tasks())


# A str is one task, though it is also an iterable of strings: hence the overlaps below.
@overload
def task_status(  # type: ignore[overload-overlap]
    tasks: TaskLike,
    named: Literal[False] = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> TaskStatus: ...
@overload
def task_status(
    tasks: Iterable[TaskLike],
    named: Literal[False] = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> list[TaskStatus]: ...
@overload
def task_status(
    tasks: TaskLike | Iterable[TaskLike],
    named: Literal[True],
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> dict[str, TaskStatus]: ...
def task_status(
    tasks: TaskLike | Iterable[TaskLike],
    named: bool = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> TaskStatus | list[TaskStatus] | dict[str, TaskStatus]:
    """Tell where tasks stand; MISSING for unknown ones.

    Args:
        tasks: One task or several, as handles or ids.
        named: Whether to give a dict by task id.
        follow: Whether to look at the tasks in the place of those that were retried; None: as the controller.
        controller: The controller; None: the default one.
    Returns:
        One status for one task, a list for several.

    R: rrq_task_status
    """
    connection = chosen(controller)
    selection = select(tasks, connection.queue_id)
    records = _read(connection, selection, TaskField.STATUS, connection.follows(follow))
    statuses = [record.status or TaskStatus.MISSING if record else TaskStatus.MISSING for record in records]
    return selection.shaped(statuses, named)


@overload
def task_exists(  # type: ignore[overload-overlap]
    tasks: TaskLike, named: Literal[False] = False, *, controller: Connection | None = None
) -> bool: ...
@overload
def task_exists(
    tasks: Iterable[TaskLike], named: Literal[False] = False, *, controller: Connection | None = None
) -> list[bool]: ...
@overload
def task_exists(
    tasks: TaskLike | Iterable[TaskLike], named: Literal[True], *, controller: Connection | None = None
) -> dict[str, bool]: ...
def task_exists(
    tasks: TaskLike | Iterable[TaskLike], named: bool = False, *, controller: Connection | None = None
) -> bool | list[bool] | dict[str, bool]:
    """Tell whether this queue knows tasks.

    Args:
        tasks: One task or several, as handles or ids.
        named: Whether to give a dict by task id.
        controller: The controller; None: the default one.
    Returns:
        One answer for one task, a list for several.

    R: rrq_task_exists
    """
    connection = chosen(controller)
    selection = select(tasks, connection.queue_id)
    known = [record is not None for record in _read(connection, selection, TaskField.STATUS, False)]
    return selection.shaped(known, named)


def task_overview(
    tasks: TaskLike | Iterable[TaskLike] | None = None, *, follow: bool = False, controller: Connection | None = None
) -> dict[TaskStatus, int]:
    """Count tasks by status. Every status is there, those of no task with 0.

    Args:
        tasks: The tasks; None: all of this queue.
        follow: Whether to count, for those that were retried, the task in the place of each, and not MOVED.
        controller: The controller; None: the default one.
    Raises:
        InvalidArgument: If `follow` is asked for all: those in the place of others are among them anyhow.

    R: rrq_task_overview
    """
    connection = chosen(controller)
    if tasks is None and follow:
        raise InvalidArgument("follow=True is for an overview of some tasks; name them, or leave follow out")
    ids = None if tasks is None else current_ids(connection, select(tasks, connection.queue_id).ids, follow)
    counts = connection.backend.queue.overview(ids)
    return {status: counts.get(status, 0) for status in TaskStatus}


@overload
def task_times(  # type: ignore[overload-overlap]
    tasks: TaskLike,
    named: Literal[False] = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> TaskTimes: ...
@overload
def task_times(
    tasks: Iterable[TaskLike],
    named: Literal[False] = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> list[TaskTimes]: ...
@overload
def task_times(
    tasks: TaskLike | Iterable[TaskLike],
    named: Literal[True],
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> dict[str, TaskTimes]: ...
def task_times(
    tasks: TaskLike | Iterable[TaskLike],
    named: bool = False,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> TaskTimes | list[TaskTimes] | dict[str, TaskTimes]:
    """Tell when tasks were submitted, started, ended and moved, by the clock of the server.

    Args:
        tasks: One task or several, as handles or ids.
        named: Whether to give a dict by task id.
        follow: Whether to look at the tasks in the place of those that were retried; None: as the controller.
        controller: The controller; None: the default one.
    Returns:
        One record for one task, a list for several; None in it for what was not reached, all None for unknown tasks.

    R: rrq_task_times
    """
    connection = chosen(controller)
    selection = select(tasks, connection.queue_id)
    records = _read(connection, selection, TaskField.TIMES, connection.follows(follow))
    times = [record.times or TaskTimes() if record else TaskTimes() for record in records]
    return selection.shaped(times, named)


def task_delete(
    tasks: TaskLike | Iterable[TaskLike], check: bool = True, *, controller: Connection | None = None
) -> None:
    """Delete tasks with all that belongs to them: results, times, and what they were retried as.

    Args:
        tasks: One task or several, as handles or ids.
        check: Whether to refuse while one of them is running, or is needed by a DEFERRED task that is not among them.
            Without it, such a DEFERRED task becomes IMPOSSIBLE.
        controller: The controller; None: the default one.
    Raises:
        TaskNotFound: If one is unknown. Nothing was deleted.
        TaskInUse: If one is running or needed. Nothing was deleted.

    R: rrq_task_delete
    """
    connection = chosen(controller)
    selection = select(tasks, connection.queue_id)
    records = _read(connection, selection, TaskField.STATUS, False)
    unknown = [task for task, record in zip(selection.ids, records, strict=True) if record is None]
    if unknown:
        raise TaskNotFound(unknown, connection.queue_id, "nothing was deleted")
    connection.backend.queue.delete(selection.ids, even_running=not check, even_needed=not check)


def current_ids(connection: Connection, tasks: Iterable[TaskLike], follow: bool | None) -> list[TaskId]:
    """Give the ids of tasks or, with `follow`, of those in the place of tasks that were retried."""
    ids = [task_id_of(task, connection.queue_id) for task in tasks]
    if not connection.follows(follow):
        return ids
    records = connection.backend.queue.read(ids, frozenset({TaskField.STATUS}), follow=True)
    return [record.id if record else task for task, record in zip(ids, records, strict=True)]


def _read(connection: Connection, selection: Selection, what: TaskField, follow: bool) -> list[TaskRecord | None]:
    return connection.backend.queue.read(selection.ids, frozenset({what}), follow)
