"""Histories of workers that beat, die, and lose sight of the server, at the speed of a clock that is moved on.

Whoever lives is never LOST, however long the server was away; whoever dies is found three periods later.
"""

import heapq
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import count

import pytest
from attrs import define, field

from rrq_core.model.ids import QueueId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.worker import HeartbeatTerms
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_worker
from rrq_core.testing.clock import ManualClock
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import worker_of

PERIODS = (1.0, 2.0, 5.0)
POLL_QUEUE = 5.0
SHORTEST_SLEEP = 0.05
FIRST_PAUSE = 0.02
GRACE = 1.0
LENGTH = 40.0

Event = Callable[[], None]


class History:
    """What happens one after the other, each at its time.

    Args:
        clock: The clock that the store goes by.
        outages: When the server is away: from, to.
    """

    def __init__(self, clock: ManualClock, outages: Sequence[tuple[float, float]]) -> None:
        self.now = 0.0
        self._clock = clock
        self._outages = outages
        self._events: list[tuple[float, int, Event]] = []
        self._order = count()

    def after(self, seconds: float, event: Event) -> None:
        """Have something happen, so many seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), event))

    def is_away(self) -> bool:
        """Whether nobody reaches the server now."""
        return any(start <= self.now < end for start, end in self._outages)

    def run(self, end: float) -> None:
        """Let everything happen until some time."""
        while self._events and self._events[0][0] <= end:
            moment, _, event = heapq.heappop(self._events)
            if moment > self.now:
                self._clock.move(moment - self.now)
                self.now = moment
            event()


@define(kw_only=True, eq=False)
class Heart:
    """A worker with a heartbeat, until it dies. While the server is away its beater tries again, as real ones do."""

    history: History
    hand: Hand
    period: float
    dies_at: float
    failures: int = 0
    refused: list[float] = field(factory=list)

    def beat(self) -> None:
        if self.history.now >= self.dies_at:
            return None
        if self.history.is_away():
            pause = min(FIRST_PAUSE * 2**self.failures, self.period / 4)
            self.failures += 1
            return self.history.after(pause, self.beat)
        self.failures = 0
        if not self.hand.beat():
            self.refused.append(self.history.now)
            return None
        self.hand.backend.queue.recover()
        return self.history.after(self.period, self.beat)


@define(kw_only=True, eq=False)
class Idler:
    """A worker that sleeps until there may be something to do, and then sees to the queue."""

    history: History
    hand: Hand
    chance: random.Random

    def look(self) -> None:
        if self.history.is_away():
            return self.history.after(self.chance.uniform(0.02, 1.0), self.look)
        look_again = self.hand.step().look_again
        longest = POLL_QUEUE * self.chance.uniform(0.8, 1.2)
        sleep = min(longest, math.inf if look_again is None else look_again)
        return self.history.after(max(sleep, SHORTEST_SLEEP), self.see_to_the_queue)

    def see_to_the_queue(self) -> None:
        if not self.history.is_away():
            self.hand.backend.queue.recover()
        self.look()


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with ManualClock() as clock:
        yield clock


@pytest.fixture
def backend(clock: ManualClock, queue_id: QueueId) -> Iterator[Backend]:
    with closing(open_backend("memory://histories", queue_id)) as backend:
        yield backend
        backend.queue.destroy()


def some_hearts(backend: Backend, history: History, chance: random.Random, deaths: Sequence[float]) -> list[Heart]:
    """Register a worker for each time of death, with any period, and have them beat from some moment on."""
    hearts = []
    for dies_at in deaths:
        period = chance.choice(PERIODS)
        hand = Hand(backend, worker=new_worker(heartbeat=HeartbeatTerms(period=period, expire=3 * period)))
        hearts.append(Heart(history=history, hand=hand, period=period, dies_at=dies_at))
        history.after(chance.uniform(0, period), hearts[-1].beat)
    return hearts


def is_lost(heart: Heart) -> bool:
    return worker_of(heart.hand.backend, heart.hand.worker.id).status is WorkerStatus.LOST


@pytest.mark.parametrize("seed", [1, 35, 460, 461])  # the last three: one outage soon after another
def test_whoever_lives_outlives_the_absence_of_the_server(seed: int, clock: ManualClock, backend: Backend) -> None:
    chance = random.Random(seed)
    first = chance.uniform(5.0, 10.0)
    second = first + chance.uniform(0.5, 40.0)
    outages = [(first, first + chance.choice([1.0, 6.0, 30.0])), (second, second + chance.uniform(0.1, 30.0))]
    history = History(clock, outages)
    hearts = some_hearts(backend, history, chance, [math.inf, math.inf, chance.uniform(3.0, 30.0)])
    history.after(0.0, Idler(history=history, hand=Hand(backend), chance=chance).look)
    end = max(end for _, end in outages) + 2 * 3 * max(PERIODS)
    history.run(end)
    assert [is_lost(heart) for heart in hearts] == [False, False, True]
    assert not hearts[0].refused + hearts[1].refused


@pytest.mark.parametrize("seed", range(4))
def test_whoever_dies_is_found_three_periods_later(seed: int, clock: ManualClock, backend: Backend) -> None:
    chance = random.Random(seed)
    history = History(clock, [])
    hearts = some_hearts(backend, history, chance, [math.inf, *(chance.uniform(0.0, LENGTH / 2) for _ in range(3))])
    history.after(chance.uniform(0, 1), Idler(history=history, hand=Hand(backend), chance=chance).look)
    found: list[Heart] = []
    for heart in hearts[1:]:
        history.after(
            heart.dies_at + 3 * heart.period + GRACE, lambda heart=heart: found.extend([heart] * is_lost(heart))
        )
    history.run(LENGTH)
    assert set(found) == set(hearts[1:])
    assert not is_lost(hearts[0])
