"""Which task is meant: what handles are made of, and what they stand for among the arguments of another task."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rrq_core.model.ids import QueueId, TaskId

T_co = TypeVar("T_co", covariant=True)
Reference_co = TypeVar("Reference_co", bound="TaskReference[object]", covariant=True)


class TaskReference(Generic[T_co]):
    """Says which task is meant. Two are equal if they mean the same task of the same queue id.

    Among the arguments of another task it stands for the result.
    """

    __slots__ = ("__weakref__", "id", "queue_id")

    def __init__(self, id: TaskId, queue_id: QueueId) -> None:
        self.id = id
        self.queue_id = queue_id

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TaskReference):
            return NotImplemented
        return self.id == other.id and self.queue_id == other.queue_id

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> "tuple[Callable[..., object], tuple[type, TaskId, QueueId]]":
        return make_reference, (type(self), self.id, self.queue_id)


class TaskReferences(Sequence[Reference_co]):
    """Several tasks as one thing. Among the arguments of another task it stands for the list of their results."""


def make_reference(kind: type[TaskReference[object]], id: TaskId, queue_id: QueueId) -> TaskReference[object]:
    """Make a handle anew. Pickles call it, so that this module's name tells that there is a handle in one."""
    return kind(id, queue_id)
