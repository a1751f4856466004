"""Heartbeats that beat when a test says so."""

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rrq_core.model.work import Session
from rrq_core.model.worker import HeartbeatTerms
from rrq_core.ports import Heartbeat
from rrq_core.ports.clock import process_clock
from rrq_core.worker.beater.beating import Beating, Pulse
from rrq_core.worker.beater.link import Beater


class Pulses:
    """The heartbeats of some workers, which beat in the thread that calls `beat`.

    Args:
        heartbeat: Where they are kept.
    """

    def __init__(self, heartbeat: Heartbeat) -> None:
        self._names = itertools.count()
        self._told: dict[int, Callable[[], None]] = {}
        self._beating = Beating(heartbeat, self._lost, lambda pulses: None, now=process_clock.monotonic)

    def beat(self) -> None:
        """Beat those that are due."""
        self._beating.beat()

    def shortest_period(self) -> float:
        """Give the seconds after which the first would be due again; infinity where there is none."""
        return min((pulse.period for pulse in self._beating.pulses().values()), default=math.inf)

    def add(self, pulse: Pulse, lost: Callable[[], None]) -> int:
        """Beat from the next `beat` on; `lost` is called when it is over. Gives the number to drop it by."""
        name = next(self._names)
        self._told[name] = lost
        self._beating.add(name, pulse)
        return name

    def drop(self, name: int) -> None:
        """Beat no more."""
        self._beating.drop(name)
        self._told.pop(name, None)

    def _lost(self, name: int, pulse: Pulse) -> None:
        self._told.pop(name)()  # what it was added with, and `drop` has not taken back


class SteppedBeater(Beater):
    """Beats for one worker whenever its pulses are told to.

    Args:
        pulses: Those of all.
        terms: How often.
    """

    def __init__(self, pulses: Pulses, terms: HeartbeatTerms) -> None:
        self._pulses = pulses
        self._terms = terms
        self._pulse: Pulse | None = None
        self._name: int | None = None
        self._is_lost = False

    def expect(self, session: Session) -> None:
        """Do nothing: this process does not outlive its workers."""

    def watch(self, session: Session) -> None:
        """Beat for a session from now on, and for no other."""
        self.close()
        self._is_lost = False
        self._pulse = Pulse.of(session, self._terms)
        self._begin()

    def is_lost(self) -> bool:
        """Whether the session was found to be over."""
        return self._is_lost

    def close(self) -> None:
        """Stop beating."""
        self._pulse = None
        self._drop()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Do not beat inside the block."""
        self._drop()
        try:
            yield
        finally:
            self._begin()

    def _begin(self) -> None:
        if self._pulse is not None and self._name is None:
            self._name = self._pulses.add(self._pulse, self._lose)
            self._pulses.beat()

    def _drop(self) -> None:
        if self._name is not None:
            self._pulses.drop(self._name)
            self._name = None

    def _lose(self) -> None:
        self._name, self._is_lost = None, True
