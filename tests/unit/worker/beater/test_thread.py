"""Heartbeats of workers that are threads of this process."""

import threading
from collections.abc import Iterator

import pytest

from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session
from rrq_core.model.worker import HeartbeatTerms
from rrq_core.testing.builders import new_worker
from rrq_core.testing.clock import ManualClock
from rrq_core.testing.waiting import wait_until
from rrq_core.worker.beater.beating import terms_of
from rrq_core.worker.beater.thread import ThreadBeater
from tests.unit.worker.lab import Lab

TERMS = terms_of(10)


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with ManualClock() as clock:
        yield clock


@pytest.fixture
def beater(lab: Lab) -> Iterator[ThreadBeater]:
    beater = ThreadBeater(lab.backend, TERMS)
    yield beater
    beater.close()


def registered(lab: Lab, terms: HeartbeatTerms | None = TERMS) -> Session:
    return lab.backend.workers.register(new_worker(id="w", heartbeat=terms))


def status(lab: Lab, session: Session) -> WorkerStatus:
    (record,) = lab.backend.workers.read([session.worker], frozenset(WorkerStatus))
    return record.status


def remaining(lab: Lab, session: Session) -> float | None:
    assert session.heartbeat_key is not None
    return lab.backend.heartbeat.remaining([session.heartbeat_key])[0]


def test_a_worker_is_beaten_for_as_time_goes_by(lab: Lab, clock: ManualClock, beater: ThreadBeater) -> None:
    session = registered(lab)
    beater.watch(session)
    clock.move(300)
    assert remaining(lab, session) == pytest.approx(30, abs=10)
    assert status(lab, session) == WorkerStatus.IDLE


def test_one_that_is_held_lapses_and_hears_that_it_was_lost(lab: Lab, clock: ManualClock, beater: ThreadBeater) -> None:
    session = registered(lab)
    beater.watch(session)
    with beater.held():
        for _ in range(10):
            clock.move(5)
            lab.backend.queue.recover(now=True)
        assert status(lab, session) == WorkerStatus.LOST
        assert not beater.is_lost()
    assert beater.is_lost()


def test_a_new_session_is_not_lost(lab: Lab, beater: ThreadBeater) -> None:
    session = registered(lab)
    lab.backend.workers.leave(session, WorkerStatus.LOST, "test")
    beater.watch(session)
    assert beater.is_lost()
    beater.watch(registered(lab))
    assert not beater.is_lost()


def test_after_close_nobody_beats_and_no_thread_is_left(lab: Lab, beater: ThreadBeater) -> None:
    session = registered(lab, terms_of(0.02))
    quick = ThreadBeater(lab.backend, terms_of(0.02))
    quick.watch(session)
    quick.close()
    wait_until(lambda: remaining(lab, session) is None, "the key has lapsed")
    wait_until(lambda: "rrq-beater" not in {thread.name for thread in threading.enumerate()}, "the thread has ended")


def test_a_worker_without_a_heartbeat_is_not_beaten_for(lab: Lab, beater: ThreadBeater) -> None:
    beater.watch(registered(lab, terms=None))
    assert not beater.is_lost()
