"""The sleep of a worker that has nothing to do."""

import math
from collections.abc import Callable

from rrq_core.ports.clock import process_clock
from rrq_core.worker.outage import PASSING, growing_pauses, jittered
from rrq_core.worker.stop import StopRequest
from rrq_core.worker.timer import IdleTimer
from rrq_core.worker.upkeep import Upkeep

_SHORTEST_SLEEP = 0.05

Wait = Callable[[float], None]


class Rest:
    """Lets a worker sleep until there may be something to do; it sees to the queue between two sleeps.

    Args:
        stop: The request to stop, which ends a sleep, and which is made when the worker was idle for too long.
        timer: How long it has been idle.
        upkeep: What it does for the queue.
        poll_queue: Seconds that it sleeps at most, about.
        deaf_for: Tells for how many seconds messages may not wake it; 0: they do.
    """

    def __init__(
        self, stop: StopRequest, timer: IdleTimer, upkeep: Upkeep, poll_queue: float, deaf_for: Callable[[], float]
    ) -> None:
        self._stop = stop
        self._timer = timer
        self._upkeep = upkeep
        self._poll_queue = poll_queue
        self._deaf_for = deaf_for

    def sleep(self, wait: Wait, look_again: float | None) -> None:
        """Sleep once, unless there was nothing for too long: then ask the worker to stop.

        Args:
            wait: Sleeps at most so many seconds.
            look_again: Seconds until something falls due in the queue, None if nothing is known to.
        """
        remaining = self._timer.remaining()
        if remaining <= 0:
            self._stop.ask("TIMEOUT")
            return
        due = math.inf if look_again is None else look_again
        longest = min(jittered(self._poll_queue), remaining, due)
        deaf_for = self._deaf_for()
        timeout = max(min(longest, deaf_for) if deaf_for else longest, _SHORTEST_SLEEP)
        due_at = process_clock.monotonic() + due
        try:
            self._stop.sleep(lambda: wait(timeout))
            now = process_clock.monotonic()
            self._upkeep.if_due(now, something_fell_due=now >= due_at)
        except PASSING:  # what would have woken us may be lost: pause, and look
            self._stop.pause(next(growing_pauses()))
