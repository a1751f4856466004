"""A clock that stands still until a test moves it on."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rrq_core.client.seconds import checked_period
from rrq_core.errors import InvalidArgument
from rrq_core.ports.clock import Clock, process_clock
from rrq_core.worker.beater.thread import beat_now, shortest_period

_LONGEST_PERIOD = 20.0
_ALL_ARE_FOUND = 6  # periods

_in_use: "list[ManualClock]" = []
_followers: "list[Follower]" = []


class Follower(ABC):
    """Something that has to keep up when the clock is moved on."""

    @abstractmethod
    def shortest_period(self) -> float:
        """Give the seconds between two beats of its heartbeat that beats most often; infinity for none."""

    @abstractmethod
    def follow(self) -> None:
        """Do what the time has come for."""


class ManualClock(Clock):
    """The time of `memory://` queues, of their heartbeats and idle times, for as long as it is used with `with`.

    It begins with the time of day and stands still. Waits at the client, and pauses between attempts to reach a store,
    last as long as ever.

    >>> with ManualClock() as clock:
    ...     before = clock.time()
    ...     clock.move(90)
    ...     clock.time() - before
    90.0
    """

    def __init__(self) -> None:
        self._origin = float(math.ceil(time.time()))
        self._moved = 0.0

    def __enter__(self) -> Self:
        if _in_use:
            raise InvalidArgument("a manual clock is in use already, and a process goes by one: use that one")
        _in_use.append(self)
        self._before = process_clock.replace(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process_clock.replace(self._before)
        _in_use.remove(self)

    def time(self) -> float:
        """Give the time in unix seconds."""
        return self._origin + self._moved

    def monotonic(self) -> float:
        """Give the seconds that it was moved on so far."""
        return self._moved

    def move(self, seconds: float) -> None:
        """Move on, in small steps. After each, those who live prove it, and queues are set right for their time.

        One big step would look as if all had been away, and nobody would be found lost.

        Args:
            seconds: How far: more than 0, for no clock goes back.
        Raises:
            InvalidArgument: If it is no such number.
        """
        began = self._moved
        end = began + checked_period(seconds, "seconds")
        while self._moved < end:
            self._moved = min(self._moved + self._step(self._moved - began), end)
            beat_now()
            for follower in tuple(_followers):
                follower.follow()

    def _step(self, since: float) -> float:
        """Give the length of a step, so many seconds after the first one began.

        Who is late is looked at four times in a period before he is lost. After some periods whoever is dead is found.
        """
        period = min([_LONGEST_PERIOD, shortest_period(), *(follower.shortest_period() for follower in _followers)])
        return period / 4 if since < _ALL_ARE_FOUND * period else period


def clock_in_use() -> ManualClock | None:
    """Give the manual clock that this process goes by; None: it goes by the machine's."""
    return _in_use[0] if _in_use else None


@contextmanager
def following_clock(follower: Follower) -> Iterator[None]:
    """Have something keep up, inside the block, with the manual clock that is in use then."""
    _followers.append(follower)
    try:
        yield
    finally:
        _followers.remove(follower)
