"""A `concurrent.futures.Executor` whose calls are tasks."""

import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar, cast, overload

from attrs import define

from rrq_core.client.connection import Connection
from rrq_core.client.create import create_call, submit_map
from rrq_core.client.options import TaskOptions, check_for_many
from rrq_core.client.results import task_result
from rrq_core.client.seconds import Deadline
from rrq_core.client.task import Task
from rrq_core.client.wishes import Delivery
from rrq_core.errors import ResultMissing
from rrq_core.model.ids import TaskId
from rrq_core.model.task import CancelReply

P = ParamSpec("P")
T = TypeVar("T")


class TaskFuture(Future[T]):
    """The future of a task.

    Attributes:
        task: The handle of the task.
    """

    def __init__(self, task: Task[T], connection: Connection) -> None:
        super().__init__()
        self.task = task
        self._connection = connection
        self._settling = threading.Lock()

    def cancel(self) -> bool:
        """Cancel the task if it has not begun; tell whether it is cancelled."""
        with self._settling:
            if not self.done() and self._connection.backend.queue.cancel(self.task.id).reply is not CancelReply.DONE:
                return False
            return super().cancel()

    def settle(self, value: T | None, error: BaseException | None) -> None:
        """Give the future what its task gave, unless it was cancelled here."""
        with self._settling:
            if not self.set_running_or_notify_cancel():
                return
            if error is None:
                self.set_result(cast(T, value))
            else:
                self.set_exception(error)


@define(eq=False)
class _Followed:
    """Tasks that one submission made, until they are over."""

    futures: dict[TaskId, TaskFuture[Any]]
    watching: ExitStack


# Futures are invariant: those of all types are followed as futures of Any.
_News = tuple[_Followed, Delivery] | None


class QueueExecutor(Executor):
    """Submits calls as tasks, for code that knows executors. Made by `Controller.executor`.

    Args:
        connection: The queue.
        options: How the tasks are to be run.
    """

    def __init__(self, connection: Connection, options: TaskOptions) -> None:
        check_for_many(options)
        self._connection = connection
        self._options = options
        self._lock = threading.Lock()
        self._open: set[Future[Any]] = set()
        self._news: SimpleQueue[_News] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_shut = False

    # A coroutine function gives what its coroutine gives, which is awaited by the worker.
    @overload
    def submit(
        self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> TaskFuture[T]: ...
    @overload
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> TaskFuture[T]: ...
    def submit(self, fn: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> TaskFuture[Any]:
        """Submit a call; see `task_create_call`."""
        self._check_open()
        (future,) = self._follow([create_call(self._connection, fn, args, kwargs, self._options)])
        return future

    @overload
    def map(
        self,
        fn: Callable[..., Coroutine[Any, Any, T]],
        *iterables: Iterable[object],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[T]: ...
    @overload
    def map(
        self, fn: Callable[..., T], *iterables: Iterable[object], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[T]: ...
    def map(
        self, fn: Callable[..., Any], *iterables: Iterable[object], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[Any]:
        """Submit a call for each tuple of the zipped iterables, all at once, and give the values in order.

        Args:
            fn: Any callable.
            *iterables: Arguments, one iterable for each parameter.
            timeout: Seconds for all of them; None: no limit.
            chunksize: Without effect; calls travel in portions anyway.
        """
        self._check_open()
        columns = [list(iterable) for iterable in iterables]
        if not all(columns):
            return iter(())
        deadline = None if timeout is None else Deadline(timeout)
        futures = self._follow(submit_map(self._connection, fn, columns, self._options))
        return _values(futures, deadline)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls.

        Args:
            wait: Whether to wait until all tasks are over.
            cancel_futures: Whether to cancel those that have not begun.
        """
        with self._lock:
            self._is_shut = True
            left = list(self._open)
        for future in left if cancel_futures else ():
            future.cancel()
        if wait:
            _wait(left)
        self._news.put(None)

    def _check_open(self) -> None:
        if self._is_shut:
            raise RuntimeError("this executor was shut down: it takes no more calls")

    def _follow(self, tasks: Sequence[Task[T]]) -> list[TaskFuture[T]]:
        futures = [TaskFuture(task, self._connection) for task in tasks]
        with self._lock:
            self._open.update(futures)
            self._ensure_thread()
        self._watch({future.task.id: future for future in futures})
        return futures

    def _watch(self, futures: Mapping[TaskId, TaskFuture[T]]) -> None:
        followed = _Followed(dict(futures), ExitStack())
        watching = self._connection.inbox.watching(
            list(futures),
            lambda delivery: self._news.put((followed, delivery)),
            follow=self._connection.follows(None),
        )
        followed.watching.enter_context(watching)()

    def _ensure_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._settle_all, name="rrq-executor", daemon=True)
            self._thread.start()

    def _settle_all(self) -> None:
        while not (self._is_shut and not self._open):
            news = self._news.get()
            if news is not None:
                self._settle(*news)

    def _settle(self, followed: _Followed, delivery: Delivery) -> None:
        over = list(followed.futures) if isinstance(delivery, Exception) else [end.task for end in delivery]
        for future in [followed.futures.pop(task) for task in over]:
            if isinstance(delivery, Exception):
                self._end(future, partial(_raise, delivery))
            else:
                self._end(future, partial(task_result, future.task, True, controller=self._connection))
        if not followed.futures:
            followed.watching.close()

    def _end(self, future: TaskFuture[Any], result: Callable[[], object]) -> None:
        """Give a future its result."""
        try:
            future.settle(result(), None)
        except ResultMissing:  # it was retried since it ended: what is in its place is waited for
            self._watch({future.task.id: future})
            return
        except BaseException as error:
            future.settle(None, error)
        with self._lock:
            self._open.discard(future)


_wait = wait


def _raise(error: Exception) -> None:
    raise error


def _values(futures: Sequence[Future[T]], deadline: Deadline | None) -> Iterator[T]:
    """Give values in order; whatever ends it early cancels what has not begun."""
    try:
        for future in futures:
            yield future.result(None if deadline is None else deadline.remaining)
    finally:
        for future in futures:
            future.cancel()
