"""The news of an inbox."""

import pytest

from rrq_core.model.ids import QueueId, TaskId, WatcherId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended
from rrq_core.plugins import open_backend


def test_news_that_come_when_the_wait_has_just_ended_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = open_backend("memory://ended", QueueId("ended")).queue
    answers = [
        None,
        [b"1" * 32 + b" COMPLETE"],
    ]  # BLPOP found nothing in time, and the LPOP behind it one that had come
    monkeypatch.setattr("rrq_backends.redis.connection.Connections.blocking", lambda *_: answers)
    assert queue.ended(WatcherId("x"), 0.1) == [Ended(task=TaskId("1" * 32), status=TaskStatus.COMPLETE)]
