"""Who waits for which task: the book that an inbox keeps. No calls to the store here."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import define, frozen

from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended

Delivery = Sequence[Ended] | Exception

MOST_EXPECTED = 10_000
EXPECTED_FOR = 300.0  # seconds after which news that nobody asked for may be gone from the inbox


@define(eq=False, kw_only=True)
class Watch:
    """A wait for some tasks: `deliver` is called with those that are over, batch by batch.

    Each task is delivered once, under the id that was asked for; an exception ends the watch. With `follow`, a task
    that was retried is over when the last of its chain is. With `listens`, whoever waits listens by itself while nobody
    else does; such a watch may be delivered nothing. `left`: how many are not over.
    """

    follow: bool
    time_poll: float
    deliver: Callable[[Delivery], None]
    listens: bool = False
    left: int = 0


@frozen(eq=False, kw_only=True)
class _Wish:
    """One task that one watch waits for; `asked` is the id that it was asked for by."""

    watch: Watch
    asked: TaskId


@frozen(kw_only=True)
class Settled:
    """What comes of news: who is to be told what, and tasks that were retried and are followed."""

    batches: Mapping[Watch, Sequence[Ended]]
    moved: Sequence[TaskId]


class Wishes:
    """All that is waited for, and tasks that nobody waits for yet though news of them will come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: dict[TaskId, list[_Wish]] = {}
        self._watches: set[Watch] = set()
        self._expected: dict[TaskId, float] = {}  # until when their news can be relied upon

    def __bool__(self) -> bool:
        return bool(self._watches)

    def enter(self, watch: Watch, tasks: Sequence[TaskId]) -> list[TaskId]:
        """Wish for tasks, each named once.

        Returns:
            Those of which no news will come unless somebody asks.
        """
        unheard = []
        with self._lock:
            self._watches.add(watch)
            watch.left = len(tasks)
            for task in tasks:
                self._wanted.setdefault(task, []).append(_Wish(watch=watch, asked=task))
                if time.monotonic() > self._expected.pop(task, -math.inf):
                    unheard.append(task)
        return unheard

    def leave(self, watch: Watch) -> None:
        """Take back what is left of a watch."""
        with self._lock:
            self._watches.discard(watch)
            if watch.left:
                kept = {
                    task: [wish for wish in wishes if wish.watch is not watch] for task, wishes in self._wanted.items()
                }
                self._wanted = {task: wishes for task, wishes in kept.items() if wishes}

    def expect(self, task: TaskId) -> None:
        """Count on news of a task that will come: who waits for it need not ask. Of too many, the oldest go."""
        with self._lock:
            if len(self._expected) >= MOST_EXPECTED:
                self._expected.pop(next(iter(self._expected)))
            self._expected[task] = time.monotonic() + EXPECTED_FOR

    def expect_nothing(self) -> None:
        """Count on no news that nobody waits for yet."""
        with self._lock:
            self._expected.clear()

    def wanted_among(self, tasks: Iterable[TaskId]) -> list[TaskId]:
        """Pick the tasks that somebody waits for. Of the others there was the news that was expected."""
        with self._lock:
            unwanted = [task for task in tasks if task not in self._wanted]
            for task in unwanted:
                self._expected.pop(task, None)
            return [task for task in tasks if task in self._wanted]

    def settle(self, news: Iterable[Ended]) -> Settled:
        """Strike out what is over."""
        batches: dict[Watch, list[Ended]] = {}
        moved: list[TaskId] = []
        with self._lock:
            for end in news:
                wishes = self._wanted.pop(end.task, None)
                if wishes is None:
                    self._expected.pop(end.task, None)
                    continue
                if end.status is TaskStatus.MOVED:
                    following = [wish for wish in wishes if wish.watch.follow]
                    if following:
                        self._wanted[end.task] = following
                        moved.append(end.task)
                        wishes = [wish for wish in wishes if not wish.watch.follow]
                _grant(wishes, end, batches)
        return Settled(batches=batches, moved=moved)

    def pass_on(self, leaves: Mapping[TaskId, TaskId]) -> None:
        """Let those who wait for a task that was retried wait for the last of its chain."""
        with self._lock:
            for task, leaf in leaves.items():
                self._wanted.setdefault(leaf, []).extend(self._wanted.pop(task, []))

    def wanted(self) -> list[TaskId]:
        """List all tasks that are waited for."""
        with self._lock:
            return list(self._wanted)

    def count(self) -> int:
        """Count the tasks that are waited for."""
        return len(self._wanted)

    def has_silent(self) -> bool:
        """Tell whether anybody waits who cannot listen."""
        with self._lock:
            return any(not watch.listens for watch in self._watches)

    def one_who_listens(self, but: Callable[[Delivery], None] | None) -> Watch | None:
        """Pick one of those who wait and can listen, but not the one that is delivered to like this."""
        with self._lock:
            able = (watch for watch in self._watches if watch.listens and watch.left and watch.deliver != but)
            return next(able, None)

    def time_poll(self) -> float | None:
        """Give the shortest period of those who wait, None if nobody does."""
        with self._lock:
            return min([watch.time_poll for watch in self._watches], default=None)

    def end_all(self) -> list[Watch]:
        """Strike out every wait; answer whose they were."""
        with self._lock:
            watches = list(self._watches)
            self._watches.clear()
            self._wanted.clear()
            self._expected.clear()
        for watch in watches:
            watch.left = 0
        return watches


def _grant(wishes: Sequence[_Wish], end: Ended, batches: dict[Watch, list[Ended]]) -> None:
    for wish in wishes:
        wish.watch.left -= 1
        own = end if wish.asked == end.task else Ended(task=wish.asked, status=end.status)
        batches.setdefault(wish.watch, []).append(own)
