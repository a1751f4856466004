"""Large checkpoints: they are in the offload before the store hears of them."""

from attrs import evolve

from rrq_core.model.ids import Tag, TaskId
from rrq_core.model.task import TaskChange
from rrq_core.model.value import NewValue
from rrq_core.model.work import Claim
from rrq_core.store import ValueStore


class Checkpoints:
    """Puts the checkpoints of tasks where they belong, as long as their claims hold.

    Args:
        values: The stored values of the queue.
    """

    def __init__(self, values: ValueStore) -> None:
        self._values = values

    def placed(self, claim: Claim, root: TaskId, change: TaskChange) -> TaskChange:
        """Put the checkpoint of a change into the offload, if it is too large to go along with it.

        Args:
            claim: The attempt that it is of.
            root: The first task of the chain, to which it belongs.
            change: What is to be told.
        Returns:
            The change, with the hash of the checkpoint.
        Raises:
            ValueTooLarge: If there is no place for it.
            OffloadError: If the offload fails.
            Fenced: If the claim does not hold.
            BackendError: What the store answers.
        """
        kept = change.checkpoint
        if not isinstance(kept, NewValue) or not self._values.is_large(kept):
            return change
        self._values.put(Tag(f"{root}:checkpoint"), [kept], claim)
        return evolve(change, checkpoint=kept.hash)
