"""A task once more, here, under the debugger of Python."""

import contextvars
import pdb
import signal
import sys
import threading
from bdb import BdbQuit
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from rrq_core.client.connection import Connection
from rrq_core.client.data import FIELDS, stored_values
from rrq_core.client.notice import notice
from rrq_core.client.results import task_results
from rrq_core.errors import EnvironmentBroken, TaskNotFound
from rrq_core.model.ids import TaskId
from rrq_core.model.setting import ENVIR
from rrq_core.model.task import TaskField, TaskRecord
from rrq_core.payload import NO_NAMES, Context, PayloadKind, decode_call, stored_values_of
from rrq_core.payload.trace import users_part
from rrq_core.worker.creation import created
from rrq_core.worker.current import CurrentTask, enter_task
from rrq_core.worker.run import awaited


def debug_task(connection: Connection, task: TaskId) -> object:
    """Run a task here under pdb: it stops at the first line of the task's code, and again where that fails.

    What it calls, its arguments, and what `seed()` gives are the task's own. The environment of the workers, if one is
    set, is made here first, and that is said. Nothing is told to the queue.

    Args:
        connection: Where the task is.
        task: The task, over or not.
    Returns:
        Its value; None if it failed, or was left by `quit`.
    Raises:
        TaskNotFound: If it, or one whose result is among its arguments, is unknown.
        PayloadRefused: If something of it cannot be unpickled here.
        EnvironmentBroken: If the environment cannot be made here.
    """
    (record,) = connection.backend.queue.read([task], FIELDS | {TaskField.WORKER}, follow=False)
    if record is None or record.body is None:
        raise TaskNotFound([task], connection.queue_id, "it cannot be run here")
    run = _call(connection, record, record.body)
    current = CurrentTask(
        id=task,
        queue_id=connection.queue_id,
        root=record.moved_root or task,
        attempt=max(record.attempt or 0, 1),
        tell=lambda change: None,
    )
    return contextvars.copy_context().run(_debugged, current, run)


def _call(connection: Connection, record: TaskRecord, body: bytes) -> Callable[[], object]:
    context = Context(kind=PayloadKind.TASK, queue_id=connection.queue_id, names=(record.moved_root or record.id,))
    values = stored_values(connection, record.id, stored_values_of(body, context))
    results, names = _results(connection, record), _environment(connection)
    call = decode_call(body, context, values, results, names)
    return lambda: awaited(call.function(*call.args, **call.kwargs))


def _results(connection: Connection, record: TaskRecord) -> Mapping[TaskId, object]:
    """Give the results of the tasks before it; it may have some of them among its arguments."""
    parents = record.depends_on or ()
    if not parents:
        return {}
    return dict(zip(parents, task_results(parents, controller=connection), strict=True))


def _environment(connection: Connection) -> Mapping[str, object]:
    """Make the environment of the workers here, as they do when they start."""
    create = connection.backend.settings.get(ENVIR)
    if create is None:
        return NO_NAMES
    notice(f"the environment of the workers of {connection.queue_id!r} is made here, for task.debug()")
    creation = created(create, connection.queue_id)
    if creation.error is None:
        return creation.names
    raise EnvironmentBroken(creation.error.summary, is_workers=False) from creation.error.__cause__


class _Debugger(pdb.Pdb):
    """Stops in the task's code only: not in ours around it, nor in that of the standard library, unless asked to.

    What `namedtuple` generates, which has modules of its own, counts as the library's: event loops make some. Nor in
    finalizers, which run whenever memory is freed, of whatever the process has. (Python 3.11 crashes where `continue`
    is said in one that runs while a frame is made to be traced.)
    """

    def stop_here(self, frame: FrameType) -> bool:
        return super().stop_here(frame) and not _is_in_finalizer(frame)

    def is_skipped_module(self, module_name: str | None) -> bool:
        top = (module_name or "").partition(".")[0]
        return top == "rrq_core" or top in sys.stdlib_module_names or top.startswith("namedtuple_")


def _is_in_finalizer(frame: FrameType) -> bool:
    inner: FrameType | None = frame
    while inner is not None and inner.f_code.co_name != "__del__":
        inner = inner.f_back
    return inner is not None


@contextmanager
def _interrupts_as_before() -> Iterator[None]:
    """Give Ctrl-C back to whoever had it: pdb keeps it after its `continue`."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def _debugged(current: CurrentTask, run: Callable[[], object]) -> object:
    enter_task(current)
    debugger = _Debugger(skip=["rrq_core.*"])
    with _interrupts_as_before():
        return _interacted(debugger, run)


def _interacted(debugger: _Debugger, run: Callable[[], object]) -> object:
    try:
        return debugger.runcall(run)
    except BdbQuit:
        return None
    except Exception as error:
        debugger.message(f"{type(error).__name__}: {error}")
        debugger.reset()
        debugger.interaction(None, users_part(error.__traceback__))
        return None
