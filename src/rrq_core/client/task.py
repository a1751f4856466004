"""The handle of a task: small, hashable, and it can be sent to other processes."""

from collections.abc import Generator, Iterator
from typing import Literal, TypeVar, overload

from rrq_core.client.await_task import await_result
from rrq_core.client.cancel import task_cancel
from rrq_core.client.connection import Connection
from rrq_core.client.debug import debug_task
from rrq_core.client.defaults import connection_to
from rrq_core.client.html import task_html
from rrq_core.client.info import task_info
from rrq_core.client.outcome import waited
from rrq_core.client.results import outcome
from rrq_core.client.stack import stack_of_task
from rrq_core.client.successors import run_again
from rrq_core.client.task_log import task_log
from rrq_core.client.task_progress import task_progress
from rrq_core.client.tasks import task_delete, task_status, task_times
from rrq_core.client.wait import task_wait
from rrq_core.model.ids import QueueId, TaskId
from rrq_core.model.reference import TaskReference
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskTimes
from rrq_core.model.task_info import TaskInfo

T_co = TypeVar("T_co", covariant=True)


class Task(TaskReference[T_co]):
    """The handle of one task. `await task` gives its result too.

    In another process, or pickled and back, it finds the controller of its queue among those that are open there.
    """

    __slots__ = ("_connection",)

    def __init__(self, id: TaskId, queue_id: QueueId, connection: Connection | None = None) -> None:
        super().__init__(id, queue_id)
        self._connection = connection

    def __repr__(self) -> str:
        return f"<Task {self.id} of the queue {self.queue_id!r}>"

    def _repr_html_(self) -> str:
        return task_html(lambda: self._controller, self.id)

    def __await__(self) -> Generator[object, None, T_co]:
        return await_result(self._controller, self).__await__()

    @property
    def _controller(self) -> Connection:
        return self._connection or connection_to(self.queue_id)

    def status(self) -> TaskStatus:
        """Tell where the task stands; see `task_status`."""
        return task_status(self, controller=self._controller)

    def wait(self, timeout: float | None = None, progress: bool | None = None) -> bool:
        """Wait until the task is over, and tell whether it is COMPLETE; see `task_wait`."""
        return task_wait(self, timeout, progress=progress, controller=self._controller)

    def result(self, timeout: float | None = None, progress: bool | None = None) -> T_co:
        """Wait until the task is over, and give its value.

        Args:
            timeout: Seconds; None: as `task_wait`.
            progress: Whether to show a bar; None: as `task_wait`.
        Raises:
            TaskError: If it failed. It is of the original exception's type too.
            TaskTimeout: If it is not over in time. It goes on.
        """
        connection = self._controller
        value: T_co = waited(connection, [self.id], timeout, progress, lambda over: outcome(connection, over[0]))
        return value

    def info(self) -> TaskInfo:
        """Tell what is known of the task; see `task_info`."""
        return task_info(self, controller=self._controller)

    def times(self) -> TaskTimes:
        """Tell when the task was submitted, started and ended; see `task_times`."""
        return task_times(self, controller=self._controller)

    def progress(self) -> object:
        """Give what the task has told last of how far it is, None if nothing; see `task_progress`."""
        return task_progress(self, controller=self._controller)

    @overload
    def log(self, follow: Literal[False] = False) -> list[str] | None: ...
    @overload
    def log(self, follow: Literal[True]) -> Iterator[str]: ...
    def log(self, follow: bool = False) -> list[str] | Iterator[str] | None:
        """Read what the task has printed, if it has a process of its own; see `task_log`."""
        return task_log(self, follow, controller=self._controller)

    def cancel(self, wait: bool = True, timeout_wait: float = 10) -> None:
        """Cancel the task; see `task_cancel`."""
        task_cancel(self, wait, timeout_wait, controller=self._controller)

    def retry(self, *, queue: str | None = None) -> "Task[T_co]":
        """Run the task again, when it is over, as a new task in its place; see `task_retry`."""
        connection = self._controller
        (new,) = run_again(connection, [self.id], queue)
        return Task(new, self.queue_id, connection)

    def debug(self) -> object:
        """Run the task here under pdb, with its own arguments and seed; nothing is told to the queue.

        It stops at the first line of the task's code, and again where that fails.

        Returns:
            Its value; None if it failed, or was left by `quit`.
        Raises:
            PayloadRefused: If something of it cannot be unpickled here.
            EnvironmentBroken: If the environment that workers have cannot be made here.
        """
        return debug_task(self._controller, self.id)

    def stack(self, timeout: float = 10) -> str:
        """Show what the task is doing at this moment, on whatever machine: its Python stack, as in a traceback.

        It is seen also while C code holds the interpreter's lock. In a process of the task's own, a system call that C
        code is in may be interrupted, as by any signal.

        Args:
            timeout: Seconds to wait for it.
        Returns:
            The lines: those of the task first, then those of threads that it has started.
        Raises:
            InvalidArgument: If it does not run, or its worker has no heartbeat, through which it would be asked.
            TaskNotFound: If it is unknown.
            WorkerTimeout: If the worker does not answer in time.
        """
        return stack_of_task(self._controller, self.id, timeout)

    def delete(self, check: bool = True) -> None:
        """Delete the task with all that belongs to it; see `task_delete`."""
        task_delete(self, check, controller=self._controller)
