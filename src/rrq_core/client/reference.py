"""Which task is meant: by its handle or by its id, one or several; and answers in the shape of the question."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from attrs import frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import QueueId, TaskId
from rrq_core.model.reference import TaskReference

V = TypeVar("V")


TaskLike = TaskReference[object] | str


def task_id_of(task: object, queue_id: QueueId) -> TaskId:
    """Give the id of a task, whatever it was named by.

    Raises:
        InvalidArgument: If it is neither a handle of this queue nor a string.
    """
    if isinstance(task, str):
        return TaskId(task)
    if not isinstance(task, TaskReference):
        raise InvalidArgument(f"a task is a Task or its id as a string, not {type(task).__name__}: {task!r}")
    if task.queue_id != queue_id:
        raise InvalidArgument(
            f"task {task.id} belongs to the queue {task.queue_id!r}, this controller to {queue_id!r}: "
            "pass the controller of that queue"
        )
    return task.id


@frozen(kw_only=True)
class Selection:
    """The tasks that a call is about. `single`: one was given, not several, so one answer goes back."""

    ids: tuple[TaskId, ...]
    single: bool

    def shaped(self, answers: Sequence[V], named: bool) -> V | list[V] | dict[str, V]:
        """Give one answer for one task, a list for several or, if they are to be `named`, a dict by task id."""
        if named:
            return self.by_id(answers)
        return answers[0] if self.single else list(answers)

    def by_id(self, answers: Sequence[V]) -> dict[str, V]:
        """Give the answers as a dict by task id."""
        return dict(zip(self.ids, answers, strict=True))


def select(tasks: TaskLike | Iterable[TaskLike], queue_id: QueueId) -> Selection:
    """Find out which tasks are meant.

    Raises:
        InvalidArgument: If something among them is no task of this queue.
    """
    if isinstance(tasks, str | TaskReference):
        return Selection(ids=(task_id_of(tasks, queue_id),), single=True)
    if not isinstance(tasks, Iterable):
        raise InvalidArgument(f"tasks are a Task, its id, or several of them, not {type(tasks).__name__}: {tasks!r}")
    return Selection(ids=tuple(task_id_of(task, queue_id) for task in tasks), single=False)
