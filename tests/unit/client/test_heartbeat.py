"""`Heartbeat` and `heartbeat_kill`: what they take, and heartbeats of memory://."""

import math
import secrets
from collections.abc import Iterator

import pytest

import rrq_core as rrq
from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing.waiting import wait_until


@pytest.fixture
def backend() -> Iterator[Backend]:
    backend = open_backend(f"memory://{secrets.token_hex(8)}", QueueId("any"))
    yield backend
    backend.close()


def remaining(backend: Backend, key: str) -> float | None:
    return backend.heartbeat.remaining([key])[0]


def test_the_key_is_there_at_once_and_lapses_after_the_end(backend: Backend) -> None:
    heartbeat = rrq.Heartbeat("lab:alive", 0.02, url=backend.url)
    assert heartbeat.is_running()
    assert (remaining(backend, "lab:alive") or 0) <= 0.06
    heartbeat.stop()
    assert not heartbeat.is_running()
    wait_until(lambda: remaining(backend, "lab:alive") is None, "the key has lapsed")


def test_it_is_renewed_for_as_long_as_it_runs(backend: Backend) -> None:
    with rrq.Heartbeat("lab:alive", 0.1, url=backend.url):
        seen = [remaining(backend, "lab:alive") or 0.0]

        def is_renewed() -> bool:
            seen.append(remaining(backend, "lab:alive") or 0.0)
            return seen[-1] > seen[-2]

        wait_until(is_renewed, "it was renewed")


def test_one_that_was_not_started_is_not_running_until_it_is(backend: Backend) -> None:
    heartbeat = rrq.Heartbeat("lab:alive", 1, url=backend.url, start=False)
    assert not heartbeat.is_running()
    assert remaining(backend, "lab:alive") is None
    with heartbeat:
        assert heartbeat.is_running()
    heartbeat.stop()


def test_one_that_runs_cannot_be_started(backend: Backend) -> None:
    with rrq.Heartbeat("lab:alive", 1, url=backend.url) as heartbeat:
        with pytest.raises(rrq.InvalidArgument, match="'lab:alive' is running"):
            heartbeat.start()
        assert repr(heartbeat) == "<Heartbeat 'lab:alive' each 1 s, running>"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("", 1), "not ''"),
        ((None, 1), "not None"),
        (("k", 0), "period .* not 0"),
        (("k", -1), "period .* not -1"),
        (("k", float("inf")), "period .* not inf"),
        (("k", "1"), "period .* not '1'"),
        (("k", 1, 1.9), "expire=1.9, period=1"),
        (("k", 1, 0), "expire .* not 0"),
    ],
)
def test_what_cannot_be_is_told_with_its_value(backend: Backend, arguments: tuple[object, ...], says: str) -> None:
    with pytest.raises(rrq.InvalidArgument, match=says):
        rrq.Heartbeat(*arguments, url=backend.url)


@pytest.mark.parametrize("number", [-1, 1000, "SIGTERM", None])
def test_there_must_be_such_a_signal(backend: Backend, number: object) -> None:
    with pytest.raises(rrq.InvalidArgument, match="number of a signal"):
        rrq.heartbeat_kill("k", number, url=backend.url)


def test_threads_take_no_signals(backend: Backend) -> None:
    with rrq.Heartbeat("k", 1, url=backend.url), pytest.raises(rrq.InvalidArgument, match="threads"):
        rrq.heartbeat_kill("k", url=backend.url)


def test_what_never_lapses_is_anothers_and_is_left_as_it_is(backend: Backend) -> None:
    with rrq.connect("lab", backend.url) as q:
        with pytest.raises(rrq.ForeignKey, match="'lab:configuration' holds something that never lapses"):
            rrq.Heartbeat("lab:configuration", 5, url=backend.url)
        assert q.submit(abs, -1).status() == "PENDING"
        assert remaining(backend, "lab:configuration") == math.inf
