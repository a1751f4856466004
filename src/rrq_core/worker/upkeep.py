"""What idle workers do for their queue: what time has brought is set right, workers that are gone above all,
and what nobody needs any more leaves the offload.
"""

import time

from rrq_core.ports import Queue
from rrq_core.ports.clock import process_clock
from rrq_core.store import ValueStore
from rrq_core.worker.outage import jittered


class Upkeep:
    """Sees to a queue now and then.

    Args:
        queue: The queue.
        values: Its stored values.
        period: Seconds between two times, about.
    """

    def __init__(self, queue: Queue, values: ValueStore, period: float) -> None:
        self._queue = queue
        self._values = values
        self._period = period
        self._due_at = process_clock.monotonic() + jittered(period)

    def if_due(self, now: float, *, something_fell_due: bool = False) -> None:
        """See to the queue, unless that was done a short time ago and nothing has fallen due since.

        Args:
            now: The time, by the clock of this process that never goes back.
            something_fell_due: Whether something has.
        """
        if something_fell_due or now >= self._due_at:
            self._due_at = now + jittered(self._period)
            told_at = time.time()
            self._values.look_after(self._queue.recover(), told_at)
