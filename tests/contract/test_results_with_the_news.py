"""The adapter sends small results along with the news that they are there."""

import pytest

from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.testing.builders import new_task, new_watcher
from rrq_core.testing.hand import Hand
from tests.contract.servers import SessionServer


@pytest.mark.parametrize(("size", "comes_along"), [(512, True), (513, False)])
def test_a_small_result_comes_with_the_news(valkey_server: SessionServer, size: int, comes_along: bool) -> None:
    backend = open_backend(valkey_server.url, QueueId("with-the-news"))
    result, watcher = b"\x00 \n" + b"r" * (size - 3), new_watcher()
    backend.queue.submit([new_task()], watcher=watcher)
    hand = Hand(backend)
    hand.complete(hand.take(), result)
    (news,) = backend.queue.ended(watcher, 5.0)
    backend.queue.destroy()
    backend.close()
    assert news.value == (result if comes_along else None)
