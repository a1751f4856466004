"""When a beater is to see to its queue."""

import math
from collections.abc import Callable, Collection

from rrq_core.worker.beater.beating import Pulse

_LOOKS_IN_A_PERIOD = 4


class Lookout:
    """Sees to a queue four times in a period, so that a lost worker is soon found, however busy all others are.

    Args:
        see_to_queue: What it does then.
        now: The clock, in seconds; it never goes back.
    """

    def __init__(self, see_to_queue: Callable[[], None], now: Callable[[], float]) -> None:
        self._see_to_queue = see_to_queue
        self._now = now
        self._due_at = -math.inf

    def look(self, pulses: Collection[Pulse]) -> float | None:
        """See to the queue, if that is due.

        Args:
            pulses: What is beaten now; the shortest period of the workers among them counts.
        Returns:
            Seconds after which to call this again; None where no worker is beaten for.
        """
        periods = [pulse.period for pulse in pulses if pulse.session is not None]
        if not periods:
            return None
        pause = min(periods) / _LOOKS_IN_A_PERIOD
        now = self._now()
        if now >= self._due_at:
            self._due_at = now + pause
            self._see_to_queue()
        self._due_at = min(self._due_at, now + pause)
        return self._due_at - now
