"""What idle workers do for their queue: what time has brought is set right, workers that are gone above all."""

from rrq_core.ports import Queue
from rrq_core.ports.clock import process_clock
from rrq_core.worker.outage import jittered


class Upkeep:
    """Sees to a queue now and then.

    Args:
        queue: The queue.
        period: Seconds between two times, about.
    """

    def __init__(self, queue: Queue, period: float) -> None:
        self._queue = queue
        self._period = period
        self._due_at = process_clock.monotonic() + jittered(period)

    def if_due(self, *, something_fell_due: bool = False) -> None:
        """See to the queue, unless that was done a short time ago and nothing has fallen due since."""
        if something_fell_due or process_clock.monotonic() >= self._due_at:
            self._due_at = process_clock.monotonic() + jittered(self._period)
            self._queue.recover()
