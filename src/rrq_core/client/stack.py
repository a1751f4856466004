"""What a running task is doing: asked for through the heartbeat of its worker, and answered in the worker's log."""

import signal
import time
from collections.abc import Callable, Sequence

from attrs import frozen

from rrq_core.client.connection import Connection
from rrq_core.client.seconds import Deadline, checked_seconds
from rrq_core.client.thread_worker import ThreadWorker, running_thread_worker
from rrq_core.client.workers import worker_record
from rrq_core.errors import InvalidArgument, TaskNotFound, WorkerTimeout
from rrq_core.model.ids import TaskId, WorkerId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskField
from rrq_core.worker.stacks import STACK, Stack, read_stacks, stack_text, stacks_here

_FIELDS = frozenset({TaskField.STATUS, TaskField.WORKER, TaskField.PROCESS})
_ASK_AGAIN = 3.0  # seconds; the worker may have been between two tasks, or the process not have come up
_LOOK = 0.05
_LINES = 200  # of a log, in which the answer is looked for


@frozen
class _Run:
    """Who runs a task, and whether in a process of its own."""

    task: TaskId
    worker: WorkerId
    is_apart: bool


def stack_of_task(connection: Connection, task: TaskId, timeout: float) -> str:
    """Show the Python stack of a running task.

    Args:
        connection: Where the task is.
        task: The task.
        timeout: Seconds to wait for it.
    Returns:
        The stacks as text; see `stack_text`.
    Raises:
        InvalidArgument: If the task does not run, or nobody can ask its worker.
        TaskNotFound: If it is unknown.
        WorkerTimeout: If the worker does not answer in time.
    """
    deadline = Deadline(checked_seconds(timeout, "timeout"))
    run = _run_of(connection, task)
    ask = _way_to_ask(connection, run)
    while not deadline.has_passed:
        since = connection.backend.workers.time()
        found = ask() or _answer(connection, run, since, Deadline(min(_ASK_AGAIN, deadline.remaining)))
        if found:
            return stack_text(found)
        _run_of(connection, task)
    raise WorkerTimeout(
        f"worker {run.worker!r} did not show the stack of task {task} within {timeout:g} s: it is suspended or busy "
        "with loading, or something there has a handler of its own for SIGUSR1; give it a longer timeout"
    )


def _run_of(connection: Connection, task: TaskId) -> _Run:
    (record,) = connection.backend.queue.read([task], _FIELDS, connection.follows(None))
    if record is None:
        raise TaskNotFound([task], connection.queue_id, "it has no stack")
    if record.status is not TaskStatus.RUNNING or record.worker is None:
        raise InvalidArgument(f"task {task} is {record.status}: only a task that is RUNNING has a stack")
    return _Run(record.id, record.worker, bool(record.separate_process))


def _way_to_ask(connection: Connection, run: _Run) -> Callable[[], Sequence[Stack]]:
    """Give what asks for the stack: it gives it, or nothing where the answer will come in the worker's log."""
    if not connection.backend.shared:
        thread = running_thread_worker(connection.url, connection.queue_id, run.worker)
        if thread is None:
            raise InvalidArgument(f"worker {run.worker!r} is driven by hand in this process: its stack is yours")
        return lambda: _ask_thread(thread, run)
    info = worker_record(connection, run.worker).info
    key = None if info is None else info.heartbeat_key
    if key is None:
        raise InvalidArgument(
            f"worker {run.worker!r} has no heartbeat, and task {run.task} can be asked for its stack through that "
            "alone; worker_config(heartbeat_period=...) gives workers one"
        )
    return lambda: _ask_by_heartbeat(connection, key)


def _ask_thread(thread: ThreadWorker, run: _Run) -> Sequence[Stack]:
    if run.is_apart:
        thread.show_stack_of_child()
        return ()
    return stacks_here(thread.frames())


def _ask_by_heartbeat(connection: Connection, key: str) -> Sequence[Stack]:
    connection.backend.heartbeat.signal(key, signal.SIGUSR1)
    return ()


def _answer(connection: Connection, run: _Run, since: float, deadline: Deadline) -> Sequence[Stack]:
    """Wait for a line of the worker's log that was written before it began with another task."""
    while not deadline.has_passed:
        lines = connection.backend.workers.log_tail([run.worker], _LINES)
        for line in (line for line in lines if line.time >= since):
            if line.command == STACK and (line.child is not None) == run.is_apart:
                return read_stacks(line.message)
            if line.command == "TASK_START" and line.message != run.task:
                return ()
        time.sleep(_LOOK)
    return ()
