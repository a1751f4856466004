"""How a task failed, as an exception: returned, or raised under the type of the original exception as well."""

from collections.abc import Callable, Sequence
from types import new_class

from rrq_core.errors import RrqError
from rrq_core.model.ids import QueueId, TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.payload import Failure
from rrq_core.payload.bare_exception import members_of, new_bare, set_members

_NOT_JOINED: tuple[type[BaseException], ...] = (StopIteration, StopAsyncIteration, BaseExceptionGroup)


class TaskError(RrqError):
    """A task ended without a value.

    What `task_result(..., error=True)` and `Task.result()` raise is also of the original exception's type, so that both
    `except ValueError` and `except rrq.TaskError` catch it. What is returned is only this.
    """

    def __init__(
        self, *, status: TaskStatus, task_id: TaskId, queue_id: QueueId, message: str, failure: Failure | None = None
    ) -> None:
        self._facts = (status, task_id, queue_id, message, failure)
        self._cause: BaseException | None = None
        self.args = (message,)

    @property
    def status(self) -> TaskStatus:
        """How the task ended."""
        return self._facts[0]

    @property
    def task_id(self) -> TaskId:
        """Which task it was."""
        return self._facts[1]

    @property
    def queue_id(self) -> QueueId:
        """The queue id that the task belongs to."""
        return self._facts[2]

    @property
    def trace(self) -> str:
        """The traceback of the worker, as text; empty where no worker could tell."""
        return "" if self._facts[4] is None else self._facts[4].trace

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings that the task had raised before."""
        return () if self._facts[4] is None else self._facts[4].warnings

    @property
    def cause(self) -> BaseException | None:
        """The original exception with its traceback; None where it does not pickle, or not unpickle here."""
        if self._cause is None and self._facts[4] is not None:
            self._cause = self._facts[4].cause()
        return self._cause

    def __str__(self) -> str:
        return self._facts[3]

    def __repr__(self) -> str:
        return f"<TaskError: {self}>"

    def __reduce__(self) -> "tuple[Callable[..., TaskError], tuple[object, ...]]":
        return (_returned if type(self) is TaskError else _raised), self._facts


def _returned(
    status: TaskStatus, task_id: TaskId, queue_id: QueueId, message: str, failure: Failure | None
) -> TaskError:
    return TaskError(status=status, task_id=task_id, queue_id=queue_id, message=message, failure=failure)


def _raised(*facts: object) -> TaskError:
    return to_raise(_returned(*facts))  # type: ignore[arg-type]  # pickle hands back what __reduce__ gave it


def to_raise(error: TaskError) -> TaskError:
    """Give the error to raise: of the type of its cause too, where that can be, and with the cause as `__cause__`."""
    cause = error.cause
    if cause is None:
        return error
    joined = _joined(error, cause)
    joined.__cause__ = cause
    if notes := getattr(cause, "__notes__", ()):
        vars(joined)["__notes__"] = [str(note) for note in notes]
    return joined


def _joined(error: TaskError, cause: BaseException) -> TaskError:
    if not isinstance(cause, Exception) or isinstance(cause, (*_NOT_JOINED, TaskError)):
        return error
    try:
        return _instance(error, cause)
    except Exception:
        return error  # the original type refuses subclasses, or has a layout of its own


def _instance(error: TaskError, cause: Exception) -> TaskError:
    """Make an error of both types, without running the original type's constructor, which may be odd."""
    kind: type[TaskError] = new_class(
        "TaskError", (TaskError, type(cause)), {}, lambda body: body.update(__module__=TaskError.__module__)
    )
    joined = new_bare(kind)
    vars(joined).update(vars(cause))
    set_members(joined, dict(members_of(cause)))
    vars(joined).update(vars(error))
    BaseException.__setattr__(joined, "args", cause.args)
    return joined


class TaskErrorGroup(ExceptionGroup[TaskError], RrqError):
    """Several tasks failed: `.exceptions` has the error of each, as it would be raised alone."""

    def __new__(cls, message: str, errors: Sequence[TaskError]) -> "TaskErrorGroup":
        """Make a group of errors, of which there is at least one."""
        return super().__new__(cls, message, errors)

    def derive(self, errors: Sequence[TaskError]) -> "TaskErrorGroup":  # type: ignore[override]  # a part has the same kind
        """Make a group of a part of these errors, for `except*` and `split`."""
        return TaskErrorGroup(self.message, errors)


def group_of(errors: Sequence[TaskError], total: int) -> TaskErrorGroup:
    """Make the error to raise for those of several tasks that failed."""
    return TaskErrorGroup(f"{len(errors)} of {total} tasks failed", [to_raise(error) for error in errors])
