"""Heartbeats of a store in this process's memory: one thread beats for all that live here and share a queue."""

import itertools
import math
import threading
from collections.abc import Callable, Collection, Mapping
from typing import ClassVar

from rrq_core.model.ids import QueueId
from rrq_core.model.work import Session
from rrq_core.model.worker import HeartbeatTerms
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.ports.clock import process_clock
from rrq_core.worker.beater.beating import Beating, Pulse
from rrq_core.worker.beater.care import Care
from rrq_core.worker.beater.link import Beater
from rrq_core.worker.beater.lookout import Lookout
from rrq_core.worker.deaf_thread import start_deaf_thread

_names = itertools.count()


def new_name() -> int:
    """Give a name for a heartbeat that nothing else in this process has."""
    return next(_names)


def _nothing() -> None:
    """What is told of a heartbeat that is over, where nobody wants to know."""


def _nobody_asks(pulses: Collection[Pulse]) -> None:
    """What is told after each round, where nobody waits for it."""


class BeatingThread:
    """The thread of one queue. It is there as long as there is something to beat."""

    _every: ClassVar["dict[tuple[str, QueueId], BeatingThread]"] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._beating = Beating(backend.heartbeat, self._tell_lost, _nobody_asks, now=process_clock.monotonic)
        self._lookout = Lookout(self._see_to_queue, process_clock.monotonic)
        self._lost: dict[int, Callable[[], None]] = {}
        self._one_at_a_time = threading.Lock()
        self._changed = threading.Event()

    @classmethod
    def add(cls, url: str, queue_id: QueueId, name: int, pulse: Pulse, lost: Callable[[], None] = _nothing) -> None:
        """Beat from now on, for the first time before this returns. `lost` is called when it is over."""
        with cls._lock:
            thread = cls._every.get((url, queue_id))
            is_new = thread is None
            if thread is None:
                thread = cls._every[(url, queue_id)] = cls(open_backend(url, queue_id))
            thread._lost[name] = lost
            thread._beating.add(name, pulse)
            thread._changed.set()
            if is_new:
                start_deaf_thread(thread._run, "rrq-beater")
        thread.beat()

    @classmethod
    def drop(cls, url: str, queue_id: QueueId, name: int) -> None:
        """Beat no more."""
        with cls._lock:
            thread = cls._every.get((url, queue_id))
            if thread is not None:
                thread._beating.drop(name)
                thread._lost.pop(name, None)
                thread._changed.set()

    @classmethod
    def every(cls) -> "list[BeatingThread]":
        """Give those there are."""
        with cls._lock:
            return list(cls._every.values())

    def pulses(self) -> Mapping[int, Pulse]:
        """Give what is beaten."""
        return self._beating.pulses()

    def beat(self) -> float | None:
        """Beat what is due, and see to the queue; give the seconds until either is due again, None for nothing left."""
        with self._one_at_a_time:
            pauses = self._beating.beat(), self._lookout.look(self._beating.pulses().values())
            return min((pause for pause in pauses if pause is not None), default=None)

    def _run(self) -> None:
        while True:
            pause = self.beat()
            if pause is None and self._is_over():
                return
            self._changed.wait(pause)
            self._changed.clear()

    def _is_over(self) -> bool:
        with self._lock:
            if self._beating.pulses():
                return False
            del self._every[(self._backend.url, self._backend.queue_id)]
        self._backend.close()
        return True

    def _tell_lost(self, name: int, pulse: Pulse) -> None:
        self._lost.pop(name, _nothing)()

    def _see_to_queue(self) -> None:
        Care(self._backend).take()


def beat_now() -> None:
    """Have all heartbeats of this process beaten that are due; for a clock that was moved."""
    for thread in BeatingThread.every():
        thread.beat()


def shortest_period() -> float:
    """Give the seconds between two beats of the heartbeat of this process that beats most often; infinity for none."""
    every = (pulse.period for thread in BeatingThread.every() for pulse in thread.pulses().values())
    return min(every, default=math.inf)


class ThreadBeater(Beater):
    """Beats for a worker in this process.

    Args:
        backend: The worker's queue.
        terms: How often.
    """

    def __init__(self, backend: Backend, terms: HeartbeatTerms) -> None:
        self._place = backend.url, backend.queue_id
        self._terms = terms
        self._name = new_name()
        self._is_lost = threading.Event()

    def expect(self, session: Session) -> None:
        """Do nothing: this process does not outlive its threads."""

    def watch(self, session: Session) -> None:
        """Beat for a session from now on, and for no other."""
        self._is_lost.clear()
        pulse = Pulse.of(session, self._terms)
        if pulse is not None:
            BeatingThread.add(*self._place, self._name, pulse, self._is_lost.set)

    def is_lost(self) -> bool:
        """Whether the session was found to be over."""
        return self._is_lost.is_set()

    def close(self) -> None:
        """Stop beating."""
        BeatingThread.drop(*self._place, self._name)
