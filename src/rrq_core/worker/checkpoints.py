"""Large checkpoints: they are in the offload before the store hears of them, and those before leave it."""

import time

from attrs import evolve

from rrq_core.model.ids import Tag, TaskId
from rrq_core.model.task import Standing, TaskChange
from rrq_core.model.value import NewValue
from rrq_core.model.work import Claim
from rrq_core.ports import Queue
from rrq_core.store import ValueStore


class Checkpoints:
    """Puts the checkpoints of tasks where they belong, as long as their claims hold.

    Args:
        queue: The queue.
        values: Its stored values.
    """

    def __init__(self, queue: Queue, values: ValueStore) -> None:
        self._queue = queue
        self._values = values

    def tell(self, claim: Claim, root: TaskId, change: TaskChange) -> Standing:
        """Tell the store what a running task tells of itself; a checkpoint that is too large to go along goes ahead.

        Args:
            claim: The attempt that it is of.
            root: The first task of the chain, to which it belongs.
            change: What is to be told.
        Returns:
            How the claim stands; once it is over, nothing is written any more.
        Raises:
            ValueTooLarge: If there is no place for the checkpoint.
            OffloadError: If the offload fails.
            Fenced: If the claim does not hold.
            BackendError: What the store answers.
        """
        placed, told_at = self._placed(claim, root, change), time.time()
        told = self._queue.update(claim, placed)
        self._values.discard(told.names, told_at)
        return told.standing

    def _placed(self, claim: Claim, root: TaskId, change: TaskChange) -> TaskChange:
        kept = change.checkpoint
        if not isinstance(kept, NewValue) or not self._values.is_large(kept):
            return change
        self._values.put(Tag(f"{root}:checkpoint"), [kept], claim)
        return evolve(change, checkpoint=kept.hash)
