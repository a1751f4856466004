"""Bytes that are no text, and whatever else another program puts among ours: named, mended, and nobody falls over."""

import secrets
from collections.abc import Iterator

import pytest

from rrq_backends.redis.connection import Connections
from rrq_backends.redis.exchange import packed
from rrq_backends.redis.queue import RedisQueue
from rrq_core.model.ids import QueueId, WatcherId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing import Hand, assert_lawful, new_task

FOREIGN = b"\xff\xfe"


@pytest.fixture
def backend() -> Iterator[Backend]:
    found = open_backend(f"memory://{secrets.token_hex(8)}", QueueId("q"))
    yield found
    found.close()


def server_of(backend: Backend) -> Connections:
    assert isinstance(backend.queue, RedisQueue)
    return backend.queue._connections


@pytest.mark.parametrize("size", [0, 20_000_000], ids=["small", "large"])
def test_what_was_read_is_the_same_bytes_in_a_command(size: int) -> None:
    name, large = FOREIGN.decode("utf-8", "surrogateescape"), bytes(size)
    assert FOREIGN in b"".join(packed(["DEL", name, large]))


@pytest.mark.parametrize("size", [2, 32], ids=["short", "as long as an id"])
def test_a_task_whose_call_is_damaged_is_handed_out_so_that_it_can_fail(backend: Backend, size: int) -> None:
    hand, task = Hand(backend), new_task()
    backend.queue.submit([task])
    server_of(backend).call("HSET", "q:task:expr", task.id, b"\xff" * size)
    assert hand.fail(hand.take()) == "OK"


def test_what_is_no_task_in_a_queue_is_named_and_mended(backend: Backend) -> None:
    hand = Hand(backend)
    hand.run(backend.queue.submit([new_task()])[0].task)
    server_of(backend).call("RPUSH", "q:queue:default", FOREIGN)
    assert r"\xff\xfe" in backend.queue.check(repair=True)[0].sentence
    assert_lawful(backend)
    assert hand.look() is None


@pytest.mark.parametrize("foreign", [FOREIGN, b"without an id", b"no.id body", FOREIGN + b" 1.5 body"])
def test_a_message_without_an_id_is_passed_over_and_noted(backend: Backend, foreign: bytes) -> None:
    hand = Hand(backend)
    server_of(backend).call("RPUSH", f"q:worker:{hand.worker.id}:message", foreign, foreign)
    backend.messages.send(b"ours", [hand.worker.id])
    assert hand.take_message().body == b"ours"
    log = backend.workers.log_tail([hand.worker.id], None)
    assert [(entry.command, entry.message) for entry in log] == [("MESSAGE", "UNREADABLE")] * 2


def test_news_that_are_none_are_passed_over(backend: Backend) -> None:
    hand, watcher = Hand(backend), WatcherId("me")
    task = backend.queue.submit([new_task()], watcher=watcher)[0].task
    for foreign in (b"", FOREIGN, b"one", task.encode() + b" NOTHING", b"  "):
        server_of(backend).call("RPUSH", "q:waiter:me", foreign)
    hand.run(task)
    assert [news.task for news in backend.queue.ended(watcher, 1)] == [task]


def test_a_queue_with_such_names_can_be_destroyed(backend: Backend) -> None:
    server_of(backend).call("HSET", "q:task:status", FOREIGN, "PENDING")
    backend.queue.destroy()
    assert server_of(backend).call("KEYS", "q:*") == []
