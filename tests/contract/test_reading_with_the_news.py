"""The adapter reads a result in one trip with the news that it is there."""

from collections.abc import Callable

import redis

from rrq_core.client.results import look_at_result
from rrq_core.model.ids import QueueId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended
from rrq_core.plugins import open_backend
from rrq_core.testing.builders import new_task, new_watcher
from rrq_core.testing.hand import Hand
from tests.contract.servers import SessionServer


def test_a_result_comes_with_the_news(valkey_server: SessionServer) -> None:
    news = news_of_a_finished_task(valkey_server.url)
    assert news.record is not None
    assert news.record.value is not None


def test_a_server_that_has_forgotten_how_to_read_sends_the_news_alone(valkey_server: SessionServer) -> None:
    with redis.Redis.from_url(valkey_server.url) as server:
        news = news_of_a_finished_task(valkey_server.url, before=server.script_flush)
    assert (news.status, news.record) == (TaskStatus.COMPLETE, None)


def news_of_a_finished_task(url: str, before: Callable[[], object] = lambda: None) -> Ended:
    """Run a task, read it once, do something, and hear of its end."""
    backend = open_backend(url, QueueId("with-the-news"))
    task, watcher = new_task(), new_watcher()
    look = look_at_result(task.id, follow=True)
    backend.queue.submit([task], watcher=watcher)
    Hand(backend).run()
    backend.queue.read([task.id], look.fields, look.follow)
    before()
    (news,) = backend.queue.ended(watcher, 5.0, look)
    backend.queue.destroy()
    backend.close()
    return news
