"""What a running task tells of how far it is, on its way to the store."""

import sys
import threading

from rrq_core.errors import BackendError, NotInTask
from rrq_core.model.task import TaskChange
from rrq_core.payload import encode_value, value_context
from rrq_core.worker.current import CurrentTask, current_task

EVENT = "rrq.progress"


def task_progress_update(value: object, error: bool = False) -> None:
    """Tell how far the task is that this code runs in; `task_progress` shows the last value that was told.

    The same code can run without a queue: outside of a task nothing happens. A thread that a task has started is
    outside of it, unless it runs in a copy of the task's context (`contextvars.copy_context().run`).

    Args:
        value: Any object that can be sent: a number, a text, a dict. None clears what was told before.
        error: Whether to raise where there is no task, or the value did not get to the store. Without it both are
            passed over, since a computation is worth more than the news of it.
    Raises:
        NotInTask: If `error`, and this runs in no task.
        BackendError: If `error`, and the store cannot be reached or refuses.
        NotSendable: If the value cannot be sent.

    >>> import rrq_core as rrq
    >>> def measure():
    ...     rrq.task_progress_update({"done": 3, "of": 4})
    >>> with rrq.connect("docs", "memory://progress") as q, rrq.worker_spawn(1):
    ...     task = q.submit(measure)
    ...     task.wait()
    ...     task.progress()
    True
    {'done': 3, 'of': 4}

    R: rrq_task_progress_update
    """
    task = current_task()
    if task is None:
        if error:
            raise NotInTask(
                "task_progress_update(..., error=True) was called outside of a task, so there is nobody to tell: "
                "call it in a function that a worker runs, or without error=True"
            )
        return
    change = _change(task, value)
    try:
        task.tell(change)
    except (BackendError, OSError):
        if error:
            raise


def _change(task: CurrentTask, value: object) -> TaskChange:
    context = value_context(task.queue_id)
    return TaskChange(progress=bytes(encode_value(value, context, what="the progress").data or b""))


class _Ear:
    """Hears `sys.audit("rrq.progress", value)`, by which code tells its progress that does not import this library.

    A process can have audit hooks added, and never taken away: this one is added once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_open = False

    def open(self) -> None:
        with self._lock:
            if not self._is_open:
                sys.addaudithook(self.hear)
                self._is_open = True

    @staticmethod
    def hear(event: str, values: tuple[object, ...]) -> None:
        if event != EVENT or not values:
            return
        task = current_task()
        if task is not None:
            try:
                task.tell(_change(task, values[0] if len(values) == 1 else values))
            except Exception:
                return  # whoever raised the event knows nothing of us, and cannot be expected to catch what we raise


_ear = _Ear()


def hear_progress() -> None:
    """See to it that `sys.audit("rrq.progress", value)` is heard in this process from now on."""
    _ear.open()
