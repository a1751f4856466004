"""A queue for one test, in the memory of this process."""

import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from rrq_core.client.check import destroy
from rrq_core.client.controller import Controller, connect
from rrq_core.testing.clock import Follower, following_clock
from rrq_core.testing.faults import Faults

_QUEUE_ID = "test"


class _Upkeep(Follower):
    """Sets right in a queue what time has brought."""

    def __init__(self, queue: Controller) -> None:
        self._queue = queue

    def shortest_period(self) -> float:
        return math.inf

    def follow(self) -> None:
        self._queue.backend.queue.recover(now=True)


@contextmanager
def fresh_queue(faults: Faults) -> Iterator[Controller]:
    """Give a queue with nothing in it, which keeps up with a clock that is moved, and goes at the end.

    Args:
        faults: What goes wrong on the way to it.
    """
    with connect(_QUEUE_ID, faults.url(f"memory://{secrets.token_hex(8)}")) as controller:
        try:
            with following_clock(_Upkeep(controller)):
                yield controller
        finally:
            faults.clear()
            destroy(controller=controller)
