"""What code that runs in a task can find out about it: by a context variable, since workers can be threads."""

from collections.abc import Callable
from contextvars import ContextVar

from attrs import define, field, frozen

from rrq_core.model.ids import QueueId, TaskId
from rrq_core.model.task import TaskChange
from rrq_core.model.value import Buffer

Tell = Callable[[TaskChange], object]


@define
class Checkpoint:
    """The last checkpoint of a task's chain, encoded; None before the first."""

    data: Buffer | None = field(default=None, repr=False)


@frozen(kw_only=True, eq=False)
class CurrentTask:
    """The task that runs here.

    `root` is the first of its retry chain. `tell` hands what it tells of itself on to the store; it may raise what the
    store raises. `checkpoint` is what was kept for it. `warnings` are those raised in it so far, as text.
    """

    id: TaskId
    queue_id: QueueId
    root: TaskId
    attempt: int
    tell: Tell = field(repr=False)
    checkpoint: Checkpoint = field(factory=Checkpoint)
    warnings: list[str] = field(factory=list)


_current: ContextVar[CurrentTask | None] = ContextVar("rrq_current_task", default=None)


def enter_task(task: CurrentTask) -> None:
    """Make a task the current one in this context, which is to be a copy of its own (`contextvars.copy_context`)."""
    _current.set(task)


def current_task() -> CurrentTask | None:
    """Give the task that the calling code runs in, None outside of tasks."""
    return _current.get()
