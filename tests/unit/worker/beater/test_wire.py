"""What a worker and its beater tell each other."""

import socket
from collections.abc import Iterator

import pytest

from rrq_core.model.ids import WorkerId
from rrq_core.model.work import Session
from rrq_core.worker.beater.beating import Pulse, terms_of
from rrq_core.worker.beater.wire import Record, Wire, read_watch, watch_record

SESSION = Session(worker=WorkerId("wörker\u2028"), token="t", log_max=7, heartbeat_key="q:w")


@pytest.fixture
def wires() -> Iterator[tuple[Wire, Wire]]:
    ends = socket.socketpair()
    pair = Wire(ends[0]), Wire(ends[1])
    yield pair
    for wire in pair:
        wire.close()


def received(wire: Wire, n: int) -> list[Record]:
    found: list[Record] = []
    while len(found) < n:
        found += wire.receive()
    return found


def test_records_arrive_whole_and_in_order(wires: tuple[Wire, Wire]) -> None:
    sent = [{"lost": "x" * 10_000, "n": n} for n in range(5)]
    for record in sent:
        wires[0].send(record)
    assert received(wires[1], 5) == sent


@pytest.mark.parametrize("pulse", [None, Pulse.of(SESSION, terms_of(0.5))])
@pytest.mark.parametrize("session", [None, SESSION])
def test_what_is_to_be_watched_arrives_as_it_was(
    wires: tuple[Wire, Wire], session: Session | None, pulse: Pulse | None
) -> None:
    wires[0].send(watch_record(session, pulse))
    match received(wires[1], 1):
        case [{"watch": dict(watch)}]:
            assert read_watch(watch) == (session, pulse)
        case other:
            pytest.fail(f"{other}")


def test_what_is_no_session_is_refused() -> None:
    with pytest.raises(ValueError, match="not a session"):
        read_watch({"session": {"worker": 3}, "pulse": None})


def test_an_end_that_is_gone_is_the_end_for_who_reads_and_nothing_to_who_sends(wires: tuple[Wire, Wire]) -> None:
    wires[1].close()
    wires[0].send({"close": True})
    with pytest.raises(EOFError):
        wires[0].receive()


def test_who_does_not_read_does_not_hold_up_who_sends(wires: tuple[Wire, Wire]) -> None:
    for _ in range(1000):
        wires[0].send({"lost": "x" * 10_000})
    assert received(wires[1], 1)[0] == {"lost": "x" * 10_000}
