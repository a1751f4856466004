"""Groups: several tasks as one thing to wait for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Generic, TypeVar, overload

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import connection_to
from rrq_core.client.html import group_html
from rrq_core.client.mended import Mended
from rrq_core.client.outcome import waited
from rrq_core.client.results import outcomes
from rrq_core.client.retry_failed import retry_failed
from rrq_core.client.task import Task
from rrq_core.client.tasks import task_delete, task_overview
from rrq_core.client.wait import iterate_over, iterate_over_async, task_wait
from rrq_core.model.ids import QueueId
from rrq_core.model.reference import TaskReferences
from rrq_core.model.status import TaskStatus

T_co = TypeVar("T_co", covariant=True)


class TaskGroup(TaskReferences[Task[T_co]]):
    """A sequence of tasks, in the order in which they were submitted.

    With `keep=False`, tasks are deleted once `results` or `as_completed` has handed them out. It can be pickled, as a
    `Task` can; in another process it finds the controller of its queue among those that are open there.
    """

    def __init__(
        self,
        tasks: Iterable[Task[T_co]],
        connection: Connection | QueueId,
        *,
        keep: bool = True,
        mended: Mended | None = None,
    ) -> None:
        self._tasks = tuple(tasks)
        self._connection = connection
        self._keep = keep
        self._mended = mended  # of this process: the function may be one that nobody else has

    def __reduce__(self) -> "tuple[Callable[..., TaskGroup[T_co]], tuple[tuple[Task[T_co], ...], QueueId, bool]]":
        return _unpickled, (self._tasks, self._queue_id, self._keep)

    @property
    def _queue_id(self) -> QueueId:
        return self._connection.queue_id if isinstance(self._connection, Connection) else self._connection

    def __len__(self) -> int:
        return len(self._tasks)

    @overload
    def __getitem__(self, place: int) -> Task[T_co]: ...
    @overload
    def __getitem__(self, place: slice) -> "TaskGroup[T_co]": ...
    def __getitem__(self, place: int | slice) -> "Task[T_co] | TaskGroup[T_co]":
        if isinstance(place, slice):
            return self._of(self._tasks[place])
        return self._tasks[place]

    def __repr__(self) -> str:
        return f"<TaskGroup of {len(self)} tasks of the queue {self._queue_id!r}>"

    def _repr_html_(self) -> str:
        return group_html(lambda: self._controller, [task.id for task in self])

    @property
    def _controller(self) -> Connection:
        return self._connection if isinstance(self._connection, Connection) else connection_to(self._connection)

    def _of(self, tasks: Iterable[Task[T_co]]) -> "TaskGroup[T_co]":
        return TaskGroup(tasks, self._connection, keep=self._keep, mended=self._mended)

    def wait(self, timeout: float | None = None, progress: bool | None = None) -> bool:
        """Wait until all are over, and tell whether all are COMPLETE; see `task_wait`."""
        return task_wait(self, timeout, progress=progress, controller=self._controller)

    def results(self, timeout: float | None = None, progress: bool | None = None) -> list[T_co]:
        """Wait until all are over, and give their values, in order.

        Args:
            timeout: Seconds; None: as `task_wait`.
            progress: Whether to show a bar; None: as `task_wait`.
        Raises:
            TaskErrorGroup: If some failed. `task_results(group)` gives the values of the others, and errors among them.
            TaskTimeout: If they are not over in time. They go on.
        """
        connection = self._controller
        ids = [task.id for task in self._tasks]
        values: list[T_co] = waited(connection, ids, timeout, progress, lambda ended: outcomes(connection, ids, ended))
        self._hand_out(self._tasks)
        return values

    def as_completed(self, timeout: float | None = None, progress: bool | None = None) -> "Completions[T_co]":
        """Go through the tasks as they end, failed ones too, each once: by `for`, or by `async for`.

        Args:
            timeout: Seconds for all of them; None: as `task_wait`.
            progress: Whether to show a bar; None: as `task_wait`. `async for` shows none.
        """
        return Completions(self, timeout, progress)

    def overview(self) -> dict[TaskStatus, int]:
        """Count the tasks by status; for one that was retried, the task in its place. See `task_overview`."""
        return task_overview(self, follow=self._controller.follows(None), controller=self._controller)

    def retry(self, *, queue: str | None = None) -> "TaskGroup[T_co]":
        """Run the failed tasks again, each as a new task in its place; see `task_retry`.

        IMPOSSIBLE ones are not retried: they wait again by themselves once what they depend on is retried. This group
        shows the new tasks in the place of the old ones, so that `results` waits for them. If `map` gave this named
        group for a function that was mended since the tasks were submitted, the mended one runs.

        Args:
            queue: The queue in which they are to wait; None: the one in which each waited before.
        Returns:
            The tasks that go on, in order: the new ones, and those that wait again. None of them if none had failed.
        Raises:
            NotRetriable: If all that failed are IMPOSSIBLE, or one depends on a deleted task.
        """
        return self._of(retry_failed(self._controller, self._tasks, queue, self._mended))

    def _hand_out(self, tasks: Iterable[Task[T_co]]) -> None:
        if not self._keep:
            task_delete(set(tasks), controller=self._controller)


def _unpickled(tasks: Iterable[Task[T_co]], queue_id: QueueId, keep: bool) -> TaskGroup[T_co]:
    return TaskGroup(tasks, queue_id, keep=keep)


class Completions(Generic[T_co]):
    """The tasks of a group as they end."""

    def __init__(self, group: TaskGroup[T_co], timeout: float | None, progress: bool | None) -> None:
        self._group = group
        self._timeout = timeout
        self._progress = progress

    def __iter__(self) -> Iterator[Task[T_co]]:
        tasks = {task.id: task for task in self._group}
        over = iterate_over(self._group._controller, tasks, self._timeout, progress=self._progress)
        for batch in over:
            handed_out = [tasks[end.task] for end in batch]
            yield from handed_out
            self._group._hand_out(handed_out)

    async def __aiter__(self) -> AsyncIterator[Task[T_co]]:
        tasks = {task.id: task for task in self._group}
        over = iterate_over_async(self._group._controller, tasks, self._timeout)
        async for batch in over:
            handed_out = [tasks[end.task] for end in batch]
            for task in handed_out:
                yield task
            await asyncio.to_thread(self._group._hand_out, handed_out)
