"""What a beater does for the processes that it looks after."""

import socket
from collections.abc import Iterator

import pytest
from attrs import evolve

from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session
from rrq_core.testing.builders import new_worker
from rrq_core.testing.waiting import wait_until
from rrq_core.worker.beater.beating import Pulse, terms_of
from rrq_core.worker.beater.hub import Hub
from rrq_core.worker.beater.ward import End, Ward
from rrq_core.worker.beater.wire import Wire, watch_record
from tests.unit.worker.lab import Lab

OFTEN = terms_of(0.02)


class Played(Ward):
    """A process that does what a test says."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        super().__init__(Wire(ours), 0)
        self.other_end = Wire(theirs)
        self.ended: End | None = None
        self.looks = 0
        self.memory.note = self._count_look  # type: ignore[method-assign]

    def _count_look(self) -> None:
        self.looks += 1

    def signal(self, number: int) -> None:
        raise AssertionError(f"nobody has sent {number}")

    def end(self) -> End | None:
        return self.ended


@pytest.fixture
def hub(lab: Lab) -> Hub:
    return Hub(lab.backend)


@pytest.fixture
def ward(hub: Hub) -> Iterator[Played]:
    ward = Played()
    hub.take(ward)
    yield ward
    ward.other_end.close()
    ward.wire.close()


@pytest.fixture
def session(lab: Lab) -> Session:
    return lab.backend.workers.register(new_worker(id="w", heartbeat=evolve(OFTEN, expire=1000.0)))


def remaining(lab: Lab, session: Session) -> float:
    assert session.heartbeat_key is not None
    (left,) = lab.backend.heartbeat.remaining([session.heartbeat_key])
    return 0.0 if left is None else left


def watch(hub: Hub, ward: Played, session: Session) -> None:
    """Ask for beats, and wait for the first."""
    ward.other_end.send(watch_record(session, Pulse.of(session, OFTEN)))
    wait_until(lambda: hub.turn() == [] and ward.is_told, "it is beaten for")


def test_one_that_closes_is_beaten_for_no_more(lab: Lab, hub: Hub, ward: Played, session: Session) -> None:
    watch(hub, ward, session)
    assert remaining(lab, session) <= OFTEN.expire
    ward.other_end.send({"close": True})
    hub.turn()
    hub.turn()
    wait_until(lambda: remaining(lab, session) == 0, "its heartbeat has lapsed")


def test_the_memory_of_each_is_looked_at_in_each_round(hub: Hub, ward: Played, session: Session) -> None:
    watch(hub, ward, session)
    before = ward.looks
    wait_until(lambda: hub.turn() == [] and ward.looks > before + 2, "it is looked at again and again")


def test_the_end_of_one_is_reported_with_its_reason(lab: Lab, hub: Hub, ward: Played, session: Session) -> None:
    watch(hub, ward, session)
    ward.ended = End(reason="killed by SIGKILL", status=137)
    assert hub.turn() == [ward.ended]
    hub.finish()
    (record,) = lab.backend.workers.read([session.worker], frozenset(WorkerStatus))
    assert record.status == WorkerStatus.LOST
    (line,) = lab.backend.workers.log_tail([session.worker], 1)
    assert (line.command, line.message) == ("LOST", "killed by SIGKILL")


def test_one_that_has_ended_without_a_reason_is_not_reported(
    lab: Lab, hub: Hub, ward: Played, session: Session
) -> None:
    watch(hub, ward, session)
    ward.ended = End(reason=None)
    hub.turn()
    hub.finish()
    (record,) = lab.backend.workers.read([session.worker], frozenset(WorkerStatus))
    assert record.status == WorkerStatus.IDLE
