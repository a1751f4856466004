"""The inbox, over a queue that the test plays."""

from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from threading import Thread

import pytest

from rrq_core.client import inbox as inbox_module
from rrq_core.client import wishes
from rrq_core.client.inbox import Inbox
from rrq_core.client.wishes import Delivery
from rrq_core.errors import BackendDenied, BackendUnavailable
from rrq_core.model.ids import TaskId, WatcherId
from rrq_core.model.report import Recovered
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended
from rrq_core.testing.waiting import wait_until

ONE, TWO = TaskId("1" * 32), TaskId("2" * 32)


def over(task: TaskId) -> Ended:
    return Ended(task=task, status=TaskStatus.COMPLETE)


class Played:
    """The part of a queue that an inbox uses. `news` is what `ended` gives or raises; `known` is over already."""

    def __init__(self) -> None:
        self.news: SimpleQueue[list[Ended] | BaseException] = SimpleQueue()
        self.known: set[TaskId] = set()
        self.watched: list[tuple[WatcherId, tuple[TaskId, ...]]] = []

    def watch(self, watcher: WatcherId, tasks: Sequence[TaskId]) -> list[Ended]:
        self.watched.append((watcher, tuple(tasks)))
        return [over(task) for task in tasks if task in self.known]

    def ended(self, watcher: WatcherId, timeout: float) -> list[Ended]:
        news = self.news.get()
        if isinstance(news, BaseException):
            raise news
        return news

    def recover(self, now: bool = False) -> Recovered:
        return Recovered()


@pytest.fixture
def played() -> Played:
    return Played()


@pytest.fixture
def inbox(played: Played) -> Iterator[Inbox]:
    made = Inbox(played, lambda names, told_at: None)  # type: ignore[arg-type]  # it has what an inbox uses
    yield made
    made.close()
    played.news.put([])


def test_what_an_error_may_have_lost_is_asked_again(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([ONE, TWO], told.put, follow=True) as ask:
        ask()
        played.known.add(ONE)  # it was popped, and the reply got lost
        played.news.put(BackendUnavailable("the connection broke"))
        assert told.get(timeout=10) == [over(ONE)]
        assert [tasks for _, tasks in played.watched] == [(ONE, TWO), (ONE, TWO)]
        played.news.put([over(TWO)])
        assert told.get(timeout=10) == [over(TWO)]


def test_all_is_asked_again_now_and_then(played: Played, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "WATCH_AGAIN", 0.0)
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([ONE], told.put, follow=True) as ask:
        ask()
        played.known.add(ONE)
        played.news.put([])
        assert told.get(timeout=10) == [over(ONE)]


def test_an_error_that_stays_ends_every_wait(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([ONE], told.put, follow=True), inbox.watching([TWO], told.put, follow=True):
        refused = BackendDenied("wrong password")
        played.news.put(refused)
        assert [told.get(timeout=10), told.get(timeout=10)] == [refused, refused]


def test_a_task_that_is_told_twice_is_delivered_once(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([ONE, TWO], told.put, follow=True) as ask:
        ask()
        played.news.put([over(ONE)])
        played.news.put([over(ONE), over(TWO)])
        assert [told.get(timeout=10), told.get(timeout=10)] == [[over(ONE)], [over(TWO)]]


def test_a_task_that_was_submitted_with_the_inbox_needs_no_question(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    assert inbox.expect(ONE) is None  # nothing listens yet
    with inbox.watching([TWO], told.put, follow=True) as ask:
        ask()
        assert inbox.expect(ONE) == inbox.id
        played.news.put([over(TWO)])
        assert told.get(timeout=10) == [over(TWO)]
    with inbox.watching([ONE], told.put, follow=True) as ask:
        ask()
        played.news.put([over(ONE)])
        assert told.get(timeout=10) == [over(ONE)]
    assert [tasks for _, tasks in played.watched] == [(TWO,)]


def test_of_a_task_whose_news_came_when_nobody_waited_it_is_asked(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([TWO], told.put, follow=True, listens=True):
        inbox.expect(ONE)
        played.news.put([over(ONE)])
        assert inbox.listen(10)
    with inbox.watching([ONE], told.put, follow=True, listens=True) as ask:
        ask()
    assert [tasks for _, tasks in played.watched] == [(ONE,)]


def test_news_of_a_failure_is_confirmed_by_asking(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([ONE], told.put, follow=True, listens=True):
        played.news.put([Ended(task=ONE, status=TaskStatus.IMPOSSIBLE)])
        assert inbox.listen(10)
        assert told.empty()
        played.known.add(ONE)
        played.news.put([Ended(task=ONE, status=TaskStatus.ERROR)])
        assert inbox.listen(10)
        assert told.get_nowait() == [over(ONE)]


def test_after_an_error_what_was_expected_is_asked_for(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([TWO], told.put, follow=True):
        inbox.expect(ONE)
        played.news.put(BackendUnavailable("the connection broke"))
        wait_until(lambda: played.watched, "the inbox asked again")
        with inbox.watching([ONE], told.put, follow=True) as ask:
            played.known.add(ONE)
            ask()
            assert told.get(timeout=10) == [over(ONE)]


def test_what_was_expected_long_ago_is_asked_for(played: Played, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes, "EXPECTED_FOR", -1.0)
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([TWO], told.put, follow=True, listens=True):
        inbox.expect(ONE)
    with inbox.watching([ONE], told.put, follow=True, listens=True) as ask:
        ask()
    assert [tasks for _, tasks in played.watched] == [(ONE,)]


def test_one_listens_for_all_who_wait(played: Played, inbox: Inbox) -> None:
    first: SimpleQueue[Delivery] = SimpleQueue()
    second: SimpleQueue[Delivery] = SimpleQueue()
    with (
        inbox.watching([ONE], first.put, follow=True, listens=True),
        inbox.watching([TWO], second.put, follow=True, listens=True),
    ):
        listener = Thread(target=inbox.listen, args=(10,))
        listener.start()
        wait_until(inbox._ear.locked, "somebody listens")
        assert not inbox.listen(10)
        played.news.put([over(TWO)])
        assert second.get(timeout=10) == [over(TWO)]
        listener.join()
        assert first.empty()


def test_who_listens_no_more_rouses_another(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([TWO], told.put, follow=True, listens=True):
        with inbox.watching([ONE], SimpleQueue[Delivery]().put, follow=True, listens=True):
            assert told.empty()
        assert told.get_nowait() == ()


def test_an_interrupt_may_have_lost_news(played: Played, inbox: Inbox) -> None:
    with inbox.watching([ONE], SimpleQueue[Delivery]().put, follow=True, listens=True):
        played.news.put(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            inbox.listen(10)
        played.news.put([])
        assert inbox.listen(10)
    assert [tasks for _, tasks in played.watched] == [(ONE,)]


def test_a_forked_child_has_an_inbox_of_its_own(played: Played, inbox: Inbox) -> None:
    told: SimpleQueue[Delivery] = SimpleQueue()
    with inbox.watching([ONE], told.put, follow=True) as ask:
        ask()
        parents = inbox.id
        inbox.after_fork()
        played.news.put([])
        with inbox.watching([TWO], told.put, follow=True) as ask_anew:
            ask_anew()
            played.news.put([over(TWO)])
            assert told.get(timeout=10) == [over(TWO)]
    assert [watcher == parents for watcher, _ in played.watched] == [True, False]
