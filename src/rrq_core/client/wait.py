"""Waiting for tasks: all of them, each as it ends, or in an event loop."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.hint import SAMPLE, Hint, queues_without_worker
from rrq_core.client.progress import ProgressBar
from rrq_core.client.reference import TaskLike, select
from rrq_core.client.seconds import Deadline, checked_period
from rrq_core.client.wishes import Delivery
from rrq_core.errors import BackendError, InvalidArgument, TaskNotFound, TaskTimeout
from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended

LOOK_UP = 0.25  # seconds between two looks at the clock, the bar and the hint


def task_wait(
    tasks: TaskLike | Iterable[TaskLike],
    timeout: float | None = None,
    time_poll: float = 1,
    progress: bool | None = None,
    follow: bool | None = None,
    *,
    controller: Connection | None = None,
) -> bool:
    """Wait until tasks are over. Failed tasks do not raise here.

    After ten seconds it says on standard error, once, if no worker listens on the queue. Ctrl-C ends the wait at once,
    and the tasks go on.

    Args:
        tasks: A task or several, as handles or ids.
        timeout: Seconds; None: that of the controller, of $RRQ_TIMEOUT_TASK_WAIT, or for ever.
        time_poll: Seconds between two looks after the queue (lost workers, tasks that are due). It delays no answer.
        progress: Whether to show a bar; None: $RRQ_PROGRESS, or where standard error is a terminal or a notebook.
        follow: Whether to wait for the task in the place of one that was retried; None: as the controller.
        controller: The controller; None: the default one.
    Returns:
        True if all of them are COMPLETE.
    Raises:
        TaskTimeout: If they are not over in time. They go on.
        TaskNotFound: If one is unknown, or is deleted meanwhile.
        InvalidArgument: If there is nothing to wait for.

    R: rrq_task_wait
    """
    connection = chosen(controller)
    ids = select(tasks, connection.queue_id).ids
    statuses = iterate_over(connection, ids, timeout, time_poll=time_poll, progress=progress, follow=follow)
    failed = [end for batch in statuses for end in batch if end.status is not TaskStatus.COMPLETE]
    return not failed


def iterate_over(
    connection: Connection,
    tasks: Iterable[TaskId],
    timeout: float | None,
    *,
    time_poll: float = 1,
    progress: bool | None = None,
    follow: bool | None = None,
) -> Iterator[Sequence[Ended]]:
    """Go through tasks as they end, batch by batch, each task once.

    Raises:
        TaskTimeout, TaskNotFound, InvalidArgument: As `task_wait`.
    """
    left, news = _distinct(tasks), SimpleQueue[Delivery]()
    deadline = Deadline(connection.wait_limit(timeout))
    period, follows = checked_period(time_poll, "time_poll"), connection.follows(follow)
    hint, inbox = Hint(connection), connection.inbox
    watching = inbox.watching(list(left), news.put, follow=follows, time_poll=period, listens=True)
    with ProgressBar(len(left), "tasks", progress) as bar, watching as ask:
        ask()
        while left:
            batch = _next_news(news, connection, min(LOOK_UP, deadline.remaining))
            for end in batch:
                del left[end.task]
            bar.advance(len(batch), failed=sum(end.status is not TaskStatus.COMPLETE for end in batch))
            if batch:
                inbox.hand_over(news.put)
                yield batch
            elif deadline.has_passed:
                raise _too_late(connection, list(left), deadline.timeout)
            else:
                hint.give(left)


def _distinct(tasks: Iterable[TaskId]) -> dict[TaskId, None]:
    distinct = dict.fromkeys(tasks)
    if not distinct:
        raise InvalidArgument("there is nothing to wait for: no task was given")
    return distinct


def _next_news(news: "SimpleQueue[Delivery]", connection: Connection, timeout: float) -> Sequence[Ended]:
    """Take what has ended, after so many seconds at most: by listening, or while somebody else does."""
    if news.empty() and not connection.inbox.listen(timeout):
        with suppress(Empty):
            news.put(news.get(timeout=timeout))
    return _all_news(news, connection)


def _all_news(news: "SimpleQueue[Delivery]", connection: Connection) -> Sequence[Ended]:
    """Take what has ended."""
    ended: list[Ended] = []
    while not news.empty():
        ended.extend(_opened(news.get()))
    missing = [end.task for end in ended if end.status is TaskStatus.MISSING]
    if missing:
        raise TaskNotFound(missing, connection.queue_id, "nobody can wait for it")
    return ended


def _opened(delivery: Delivery) -> Sequence[Ended]:
    if isinstance(delivery, Exception):
        raise delivery
    return delivery


def _too_late(connection: Connection, left: Sequence[TaskId], timeout: float) -> TaskTimeout:
    which = f"task {left[0]} is" if len(left) == 1 else f"{len(left)} tasks, {left[0]} among them, are"
    states = _states(connection, left)
    return TaskTimeout(
        f"{which} not over after {timeout:g} s{states}; nothing was stopped: wait again, or look at them"
    )


def _states(connection: Connection, tasks: Sequence[TaskId]) -> str:
    if connection.inbox.is_cut_off:
        return " (the store does not answer)"
    try:
        counts = connection.backend.queue.overview(tasks)
        deserted = queues_without_worker(connection, tasks[:SAMPLE])
    except BackendError:
        return ""
    states = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
    lonely = f"; no worker listens on {', '.join(map(repr, deserted))}" if deserted else ""
    return f" ({states}{lonely})"


async def iterate_over_async(
    connection: Connection, tasks: Iterable[TaskId], timeout: float | None = None
) -> AsyncIterator[Sequence[Ended]]:
    """Go through tasks as they end, as `iterate_over`, without blocking the event loop.

    Raises:
        TaskTimeout, TaskNotFound, InvalidArgument: As `task_wait`.
    """
    left = _distinct(tasks)
    news: SimpleQueue[Delivery] = SimpleQueue()
    loop, arrived = asyncio.get_running_loop(), asyncio.Event()
    deadline = Deadline(connection.wait_limit(timeout))

    def deliver(delivery: Delivery) -> None:
        news.put(delivery)
        if not loop.is_closed():
            loop.call_soon_threadsafe(arrived.set)

    with connection.inbox.watching(list(left), deliver, follow=connection.follows(None)) as ask:
        await asyncio.to_thread(ask)
        while left:
            if not await _set_in_time(arrived, deadline):
                raise await asyncio.to_thread(_too_late, connection, list(left), deadline.timeout)
            arrived.clear()
            while not news.empty():
                batch = _all_news(news, connection)
                for end in batch:
                    del left[end.task]
                yield batch


async def _set_in_time(event: asyncio.Event, deadline: Deadline) -> bool:
    try:
        async with asyncio.timeout(None if math.isinf(deadline.timeout) else deadline.remaining):
            return await event.wait()
    except TimeoutError:
        return False
