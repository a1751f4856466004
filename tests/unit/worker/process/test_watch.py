"""What is told to the store of a running process, also when it is away; and what comes back."""

import threading
from collections.abc import Callable, Iterator

import pytest

from rrq_core.errors import BackendUnavailable, Fenced
from rrq_core.model.ids import TaskId, WorkerId
from rrq_core.model.task import Standing, TaskChange
from rrq_core.model.work import Claim, Session
from rrq_core.model.worker import NewLogEntry
from rrq_core.testing.waiting import wait_until
from rrq_core.worker.process.news import News
from rrq_core.worker.process.transport import wait_for
from rrq_core.worker.process.watch import Watch

CLAIM = Claim(session=Session(worker=WorkerId("w"), token="t"), task=TaskId("1" * 32), attempt=1)
OTHER = Claim(session=CLAIM.session, task=TaskId("2" * 32), attempt=1)
PID = News(change=TaskChange(pid=7), lines=(NewLogEntry(command="CHILD", child=7),))


class Store:
    """Takes news, stands as it is told to, and can be away."""

    def __init__(self) -> None:
        self.told: list[News] = []
        self.asked = 0
        self.slept = 0
        self.standing = Standing.HELD
        self.error: Exception | None = None
        self.woken = threading.Event()

    def tell(self, claim: Claim, news: News) -> Standing:
        self.asked += 1
        if self.error is not None:
            raise self.error
        if news:
            self.told.append(news)
        return self.standing

    def wait(self, session: Session, queues: object, timeout: float) -> None:
        self.slept += 1
        self.woken.wait(timeout)
        self.woken.clear()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def watch(store: Store) -> Iterator[Watch]:
    watch = Watch(store, store.tell, 0.02)  # type: ignore[arg-type]  # all of it that is used
    yield watch
    watch.close()


@pytest.fixture
def heard(watch: Watch) -> Callable[[], Standing]:
    def hear() -> Standing:
        assert wait_for([watch.fileno()], 10.0), "nothing was heard"
        return watch.heard()

    return hear


def test_news_are_told_and_nothing_is_left_of_them(store: Store, watch: Watch) -> None:
    watch.attend(CLAIM, PID)
    wait_until(lambda: store.told == [PID], "it is told")
    assert not watch.dismiss()


def test_who_only_tells_takes_no_wake_ups_from_the_worker(store: Store) -> None:
    slow = Watch(store, store.tell, 1000.0)  # type: ignore[arg-type]  # as above
    slow.tell(CLAIM, PID)
    wait_until(lambda: store.told == [PID], "it is told")
    slow.dismiss()
    assert (store.slept, slow.deaf_for()) == (0, 0.0)
    slow.attend(CLAIM, News())
    wait_until(lambda: store.slept == 1, "one that lasts is listened for")
    slow.dismiss()
    store.woken.set()
    wait_until(lambda: slow.deaf_for() == 0.0, "it has left off")
    slow.tell(OTHER, PID)
    wait_until(lambda: store.told == [PID, PID], "it is told")
    assert (store.slept, slow.deaf_for()) == (1, 0.0)
    slow.close()


def test_a_claim_that_is_gone_is_heard_when_news_are_told(
    store: Store, watch: Watch, heard: Callable[[], Standing]
) -> None:
    store.standing = Standing.GONE
    watch.attend(CLAIM, PID)
    assert heard() is Standing.GONE


def test_a_process_that_lasts_is_asked_about_at_once(store: Store) -> None:
    slow = Watch(store, store.tell, 1000.0)  # type: ignore[arg-type]  # as above
    slow.tell(CLAIM, PID)
    wait_until(lambda: store.asked == 1, "it is told")
    store.standing = Standing.CANCEL
    slow.attend(CLAIM, News())
    assert wait_for([slow.fileno()], 10.0)
    assert slow.heard() is Standing.CANCEL
    slow.close()


def test_a_cancel_is_heard_by_a_wake_up(store: Store, heard: Callable[[], Standing]) -> None:
    slow = Watch(store, store.tell, 1000.0)  # type: ignore[arg-type]  # as above
    slow.attend(CLAIM, News())
    wait_until(lambda: store.asked == 1, "it has asked at the start")
    store.standing = Standing.CANCEL
    store.woken.set()
    assert wait_for([slow.fileno()], 10.0)
    assert slow.heard() is Standing.CANCEL
    slow.close()


def test_a_cancel_is_heard_by_asking(store: Store, watch: Watch, heard: Callable[[], Standing]) -> None:
    watch.attend(CLAIM, News())
    wait_until(lambda: store.asked >= 2, "it asks again")
    store.standing = Standing.CANCEL
    assert heard() is Standing.CANCEL


def test_a_session_that_is_over_is_gone(store: Store, watch: Watch, heard: Callable[[], Standing]) -> None:
    store.error = Fenced("w")
    watch.attend(CLAIM, PID)
    assert heard() is Standing.GONE


def test_while_the_store_is_away_news_are_kept_in_order(store: Store, watch: Watch) -> None:
    store.error = BackendUnavailable("away")
    watch.attend(CLAIM, PID)
    wait_until(lambda: store.asked, "it has tried")
    watch.attend(CLAIM, News(change=TaskChange(progress=b"old")))
    watch.attend(CLAIM, News(change=TaskChange(progress=b"new")))
    left = watch.dismiss()
    assert left.change == TaskChange(pid=7, progress=b"new")
    assert left.lines == PID.lines


def test_when_it_is_back_they_are_told(store: Store, watch: Watch) -> None:
    store.error = BackendUnavailable("away")
    watch.attend(CLAIM, PID)
    wait_until(lambda: store.asked, "it has tried")
    store.error = None
    wait_until(lambda: store.told == [PID], "it is told")


def test_what_stood_for_one_process_does_not_stand_for_the_next(
    store: Store, watch: Watch, heard: Callable[[], Standing]
) -> None:
    store.standing = Standing.CANCEL
    watch.attend(CLAIM, News())
    assert heard() is Standing.CANCEL
    watch.dismiss()
    store.standing = Standing.HELD
    watch.attend(OTHER, PID)
    wait_until(lambda: store.told == [PID], "it is told")
    assert watch.heard() is Standing.HELD
