"""Renewing heartbeats in time."""

from collections.abc import Collection, Sequence

import pytest
from attrs import define, field, frozen

from rrq_core.errors import BackendUnavailable
from rrq_core.model.ids import WorkerId
from rrq_core.model.work import Session
from rrq_core.model.worker import Beat
from rrq_core.ports import Heartbeat
from rrq_core.worker.beater.beating import Beating, Pulse, terms_of


@define
class Store(Heartbeat):
    """Notes who beats, and may be away, or know a session to be over."""

    rounds: list[list[str]] = field(factory=list)
    over: set[str] = field(factory=set)
    is_away: bool = False

    def beat(self, beats: Sequence[Beat]) -> list[bool]:
        if self.is_away:
            raise BackendUnavailable("away")
        self.rounds.append([beat.key for beat in beats])
        return [beat.key not in self.over for beat in beats]

    def remaining(self, keys: Sequence[str]) -> list[float | None]:
        raise NotImplementedError

    def signal(self, key: str, signal: int) -> None:
        raise NotImplementedError

    def signals(self, keys: Sequence[str], timeout: float) -> list[tuple[str, int]]:
        raise NotImplementedError


@frozen
class Bench:
    """Heartbeats, and a clock that goes by hand."""

    store: Store = field(factory=Store)
    time: list[float] = field(factory=lambda: [100.0])
    lost: list[str] = field(factory=list)
    renewed: list[str] = field(factory=list)

    def beating(self) -> Beating:
        return Beating(self.store, self._note_lost, self._note_renewed, now=lambda: self.time[0])

    def move(self, seconds: float) -> None:
        self.time[0] += seconds

    def _note_lost(self, name: int, pulse: Pulse) -> None:
        self.lost.append(pulse.key)

    def _note_renewed(self, pulses: Collection[Pulse]) -> None:
        self.renewed.extend(pulse.key for pulse in pulses)


def pulse(key: str, period: float = 10.0) -> Pulse:
    return Pulse(key=key, period=period, expire=3 * period, value="x")


def test_one_is_beaten_at_once_and_then_each_period() -> None:
    bench = Bench()
    beating = bench.beating()
    beating.add(1, pulse("a"))
    assert beating.beat() == 10.0
    bench.move(4.0)
    assert beating.beat() == 6.0
    bench.move(6.0)
    assert beating.beat() == 10.0
    assert bench.store.rounds == [["a"], ["a"]]


def test_nothing_to_beat_is_nothing_to_wait_for() -> None:
    bench = Bench()
    beating = bench.beating()
    assert beating.beat() is None
    beating.add(1, pulse("a"))
    beating.drop(1)
    assert beating.beat() is None
    assert bench.store.rounds == []


def test_those_that_soon_are_due_are_beaten_in_the_same_call() -> None:
    bench = Bench()
    beating = bench.beating()
    beating.add(1, pulse("a"))
    beating.beat()
    bench.move(2.0)
    beating.add(2, pulse("b"))
    beating.beat()
    bench.move(8.0)
    assert beating.beat() == 10.0
    assert bench.store.rounds == [["a"], ["b"], ["a", "b"]]


def test_another_of_the_same_name_takes_its_place_and_is_beaten_at_once() -> None:
    bench = Bench()
    beating = bench.beating()
    beating.add(1, pulse("a"))
    beating.beat()
    beating.add(1, pulse("b"))
    beating.beat()
    assert bench.store.rounds == [["a"], ["b"]]


def test_one_that_is_over_is_told_once_and_beaten_no_more() -> None:
    bench = Bench()
    beating = bench.beating()
    beating.add(1, pulse("a"))
    beating.add(2, pulse("b"))
    bench.store.over = {"a"}
    beating.beat()
    bench.move(10.0)
    beating.beat()
    assert (bench.lost, bench.renewed) == (["a"], ["b", "b"])
    assert bench.store.rounds == [["a", "b"], ["b"]]


@pytest.mark.parametrize("failures", [1, 5, 100])
def test_while_the_store_is_away_it_is_asked_again_after_a_quarter_of_a_period_at_the_latest(failures: int) -> None:
    bench = Bench()
    beating = bench.beating()
    beating.add(1, pulse("a", period=10.0))
    beating.add(2, pulse("b", period=4.0))
    bench.store.is_away = True
    for _ in range(failures):
        pause = beating.beat()
        assert pause is not None
        assert 0 < pause <= 1.0
        bench.move(pause)
    bench.store.is_away = False
    beating.beat()
    assert bench.store.rounds == [["a", "b"]]


def test_after_an_outage_the_next_one_begins_with_short_pauses_again() -> None:
    bench = Bench()
    beating = bench.beating()
    beating.add(1, pulse("a"))
    bench.store.is_away = True
    first = beating.beat()
    assert first is not None
    bench.move(first)
    assert beating.beat() != pytest.approx(first)
    bench.store.is_away = False
    bench.move(100.0)
    beating.beat()
    bench.store.is_away = True
    bench.move(10.0)
    assert beating.beat() == pytest.approx(first)


def test_the_pulse_of_a_worker_is_that_of_its_session() -> None:
    session = Session(worker=WorkerId("w"), token="t", heartbeat_key="q:w")
    found = Pulse.of(session, terms_of(20))
    assert found == Pulse(key="q:w", period=20, expire=60, value="60", session=session)
    assert Pulse.of(Session(worker=WorkerId("w"), token="t"), terms_of(20)) is None
