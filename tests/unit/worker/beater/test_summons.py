"""Signals that were left for heartbeats."""

import secrets
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing.waiting import wait_until
from rrq_core.worker.beater.summons import Summons


@pytest.fixture
def backend() -> Iterator[Backend]:
    backend = open_backend(f"memory://{secrets.token_hex(8)}", QueueId("any"))
    yield backend
    backend.close()


def test_each_signal_is_passed_on_with_its_key(backend: Backend) -> None:
    heard: SimpleQueue[tuple[str, int]] = SimpleQueue()
    summons = Summons(backend.heartbeat, lambda key, number: heard.put((key, number)))
    for number in (15, 2):
        backend.heartbeat.signal("a", number)
    summons.listen_to(["a", "b"])
    backend.heartbeat.signal("b", 9)
    assert sorted(heard.get(timeout=10) for _ in range(3)) == [("a", 2), ("a", 15), ("b", 9)]
    summons.listen_to([])


def test_a_key_that_comes_later_is_heard_too_and_one_that_has_gone_is_not(backend: Backend) -> None:
    heard: list[tuple[str, int]] = []
    summons = Summons(backend.heartbeat, lambda key, number: heard.append((key, number)))
    summons.listen_to(["a"])
    summons.listen_to(["b"])
    backend.heartbeat.signal("b", 1)
    wait_until(lambda: heard == [("b", 1)], "it is heard")
    backend.heartbeat.signal("a", 1)
    backend.heartbeat.signal("b", 2)
    wait_until(lambda: len(heard) == 2, "the next is heard")
    assert heard == [("b", 1), ("b", 2)]
    summons.listen_to([])


def test_what_is_no_signal_is_passed_over(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, int]] = []
    summons = Summons(backend.heartbeat, lambda key, number: heard.append((key, number)))
    signals = backend.heartbeat.signals
    answers = iter([ValueError("invalid literal for int()")])

    def broken_once(keys: list[str], timeout: float) -> list[tuple[str, int]]:
        for error in answers:
            raise error
        return signals(keys, timeout)

    monkeypatch.setattr(backend.heartbeat, "signals", broken_once)
    backend.heartbeat.signal("a", 15)
    summons.listen_to(["a"])
    wait_until(lambda: heard == [("a", 15)], "the next is heard")
    summons.listen_to([])
