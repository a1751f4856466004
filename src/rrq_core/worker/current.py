"""What code that runs in a task can find out about it: by a context variable, since workers can be threads."""

from contextvars import ContextVar

from attrs import field, frozen


@frozen(kw_only=True, eq=False)
class CurrentTask:
    """The task that runs here. `warnings`: those raised in it so far, as text."""

    warnings: list[str] = field(factory=list)


_current: ContextVar[CurrentTask | None] = ContextVar("rrq_current_task", default=None)


def enter_task(task: CurrentTask) -> None:
    """Make a task the current one in this context, which is to be a copy of its own (`contextvars.copy_context`)."""
    _current.set(task)


def current_task() -> CurrentTask | None:
    """Give the task that the calling code runs in, None outside of tasks."""
    return _current.get()
