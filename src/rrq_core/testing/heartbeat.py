"""The contract of the port `Heartbeat`."""

from collections.abc import Iterator
from threading import Thread

import pytest

from rrq_core.model.status import WorkerStatus
from rrq_core.model.worker import Beat, HeartbeatTerms
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_worker
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import worker_of
from rrq_core.testing.waiting import wait_until

LONG, SOON = 60.0, 10.0
TERMS = HeartbeatTerms(period=20.0, expire=60.0)


class HeartbeatTests(ContractCase):
    """The laws of the port `Heartbeat`."""

    @pytest.fixture
    def keys(self, backend: Backend) -> Iterator[list[str]]:
        """Two keys that belong to no queue; nothing is left of them afterwards."""
        keys = [f"heart of {backend.queue_id}", f"heart* of {backend.queue_id}"]
        yield keys
        backend.heartbeat.beat([Beat(key=key, expire=0.0, value="") for key in keys])
        backend.heartbeat.signals(keys, 0.01)

    def test_a_key_that_beats_has_time_left(self, backend: Backend, keys: list[str]) -> None:
        assert backend.heartbeat.remaining(keys) == [None, None]
        assert backend.heartbeat.beat([Beat(key=keys[0], expire=30.0, value="30")]) == [True]
        left, none = backend.heartbeat.remaining(keys)
        assert left is not None
        assert 25.0 < left <= 30.0
        assert none is None

    def test_a_key_lapses_unless_it_is_renewed(self, backend: Backend, keys: list[str]) -> None:
        backend.heartbeat.beat([Beat(key=key, expire=0.05, value="x") for key in keys])
        backend.heartbeat.beat([Beat(key=keys[1], expire=30.0, value="x")])
        wait_until(lambda: backend.heartbeat.remaining(keys)[0] is None, "the first key has lapsed")
        assert backend.heartbeat.remaining(keys)[1] is not None

    def test_a_beat_of_no_time_clears_its_key(self, backend: Backend, keys: list[str]) -> None:
        backend.heartbeat.beat([Beat(key=keys[0], expire=30.0, value="x")])
        assert backend.heartbeat.beat([Beat(key=keys[0], expire=0.0, value="x")]) == [True]
        assert backend.heartbeat.remaining(keys) == [None, None]

    def test_nothing_to_beat_is_fine(self, backend: Backend) -> None:
        assert backend.heartbeat.beat([]) == []
        assert backend.heartbeat.remaining([]) == []

    def test_only_a_session_that_holds_keeps_its_key_alive(self, backend: Backend, keys: list[str]) -> None:
        here, gone = (Hand(backend, worker=new_worker(heartbeat=TERMS)) for _ in range(2))
        backend.workers.leave(gone.session, WorkerStatus.EXITED, "")
        beats = [
            Beat(key=here.heartbeat_key, expire=60.0, value="60", session=here.session),
            Beat(key=gone.heartbeat_key, expire=60.0, value="60", session=gone.session),
            Beat(key=keys[0], expire=60.0, value="60"),
        ]
        assert backend.heartbeat.beat(beats) == [True, False, True]
        left = backend.heartbeat.remaining([here.heartbeat_key, gone.heartbeat_key, keys[0]])
        assert [seconds is not None for seconds in left] == [True, False, True]

    def test_a_worker_that_registers_has_its_first_beat(self, backend: Backend) -> None:
        hand = Hand(backend, worker=new_worker(heartbeat=TERMS))
        assert backend.heartbeat.remaining([hand.heartbeat_key])[0] is not None

    def test_the_key_of_a_worker_is_told_to_it_and_to_who_looks(self, backend: Backend) -> None:
        beating, other = Hand(backend, worker=new_worker(heartbeat=TERMS)), Hand(backend)
        keys = [worker_of(backend, hand.worker.id).info for hand in (beating, other)]
        assert [info and info.heartbeat_key for info in keys] == [beating.session.heartbeat_key, None]
        assert other.session.heartbeat_key is None

    def test_each_worker_has_a_key_of_its_own(self, backend: Backend) -> None:
        names = ("a", "a:heartbeat", "a:heartbeat:kill", "a:worker:a")
        hands = [Hand(backend, worker=new_worker(id=name, heartbeat=TERMS)) for name in names]
        assert len({hand.heartbeat_key for hand in hands}) == len(hands)
        backend.workers.leave(hands[0].session, WorkerStatus.EXITED, "")
        left = backend.heartbeat.remaining([hand.heartbeat_key for hand in hands])
        assert [seconds is not None for seconds in left] == [False, True, True, True]

    def test_who_leaves_beats_no_more(self, backend: Backend) -> None:
        hand = Hand(backend, worker=new_worker(heartbeat=TERMS))
        backend.workers.leave(hand.session, WorkerStatus.LOST, "killed by SIGKILL")
        assert not hand.beat()
        assert backend.heartbeat.remaining([hand.heartbeat_key]) == [None]

    def test_who_was_followed_under_its_id_beats_no_more(self, backend: Backend) -> None:
        worker = new_worker(heartbeat=TERMS)
        before = Hand(backend, worker=worker)
        backend.workers.leave(before.session, WorkerStatus.LOST, "")
        after = Hand(backend, worker=worker)
        assert (before.beat(), after.beat()) == (False, True)

    def test_signals_wait_until_they_are_fetched(self, backend: Backend, keys: list[str]) -> None:
        backend.heartbeat.signal(keys[0], 15)
        backend.heartbeat.signal(keys[0], 9)
        heard: list[tuple[str, int]] = []

        def listen() -> bool:
            heard.extend(backend.heartbeat.signals(keys, 0.1))
            return len(heard) == 2

        wait_until(listen, "both have come")
        assert heard == [(keys[0], 15), (keys[0], 9)]
        assert backend.heartbeat.signals(keys, 0.05) == []

    def test_a_signal_wakes_who_waits_for_it(self, backend: Backend, second: Backend, keys: list[str]) -> None:
        heard: list[tuple[str, int]] = []
        thread = Thread(target=lambda: heard.extend(second.heartbeat.signals(keys, LONG)), daemon=True)
        thread.start()
        backend.heartbeat.signal(keys[1], 0)
        thread.join(SOON)
        assert heard == [(keys[1], 0)]

    def test_an_old_signal_does_not_hit_a_successor(self, backend: Backend) -> None:
        hand = Hand(backend, worker=new_worker(heartbeat=TERMS))
        backend.workers.leave(hand.session, WorkerStatus.EXITED, "")
        backend.heartbeat.signal(hand.heartbeat_key, 15)
        Hand(backend, worker=hand.worker)
        assert backend.heartbeat.signals([hand.heartbeat_key], 0.05) == []
