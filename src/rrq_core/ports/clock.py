"""The clock of this process: of a store in its memory, and of its workers' idle times. Tests put theirs in its place.

A store elsewhere has a clock of its own, and no port takes the time from here.
"""

import time
from abc import ABC, abstractmethod


class Clock(ABC):
    """Tells the time."""

    @abstractmethod
    def time(self) -> float:
        """Give the time in unix seconds."""

    @abstractmethod
    def monotonic(self) -> float:
        """Give seconds from some point in the past, which never go back."""


class MachineClock(Clock):
    """The clock of this machine."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)


class ProcessClock(Clock):
    """The clock that this process goes by: that of the machine, unless another was put in its place."""

    def __init__(self) -> None:
        self._clock: Clock = MachineClock()
        self._ahead = 0.0

    def replace(self, clock: Clock) -> Clock:
        """Go by another clock from now on; answer the one before. Durations go on from where they are."""
        reached = self.monotonic()
        before, self._clock = self._clock, clock
        self._ahead = max(0.0, reached - clock.monotonic())
        return before

    def time(self) -> float:
        """Give the time in unix seconds."""
        return self._clock.time()

    def monotonic(self) -> float:
        """Give seconds from some point in the past, which never go back."""
        return self._clock.monotonic() + self._ahead


process_clock = ProcessClock()
