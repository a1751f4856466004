"""Large results: they are in the offload before the store hears of the end of their task."""

from contextlib import suppress

from attrs import evolve

from rrq_core.errors import Fenced, RrqError
from rrq_core.model.ids import QueueId, Tag
from rrq_core.model.value import NewValue
from rrq_core.model.work import Finished, Work
from rrq_core.store import ValueStore
from rrq_core.worker.outage import PASSING
from rrq_core.worker.run import not_kept


class ResultPlacer:
    """Puts the results of tasks where they belong, as long as their claims hold.

    Args:
        queue_id: The queue of the tasks.
        values: Its stored values.
    """

    def __init__(self, queue_id: QueueId, values: ValueStore) -> None:
        self._queue_id = queue_id
        self._values = values

    def is_for_offload(self, finished: Finished) -> bool:
        """Tell whether the result of a task is too large to go along with the news of its end."""
        return isinstance(finished.result, NewValue) and self._values.is_large(finished.result)

    def place(self, work: Work, finished: Finished) -> Finished:
        """Put a large result into the offload.

        Returns:
            The finish with the hash of the result; if there is no place for it, that of a task that failed by this.
        Raises:
            BackendUnavailable, BackendFull: If the store is away or full; call this again then.
        """
        result = finished.result
        if not isinstance(result, NewValue):
            return finished
        try:
            with suppress(Fenced):  # whose claim is gone hears so when it hands in the outcome
                self._values.check_size(result, f"the result of task {finished.claim.task}")
                self._values.put(Tag(finished.claim.task), [result], finished.claim)
        except PASSING:
            raise
        except RrqError as error:
            return not_kept(work, self._queue_id, finished, error)
        return evolve(finished, result=result.hash)
