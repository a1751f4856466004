"""The inbox of a controller: one connection, for any number of waits for any number of tasks.

Whoever waits makes a `Watch`, to which is delivered which of its tasks are over. One listens at a time, for all: a
thread that waits does so itself (news that another thread has to hand over come later), and where nobody may block, as
in an event loop, a thread of the inbox does, which ends some seconds after the last such wait.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from weakref import WeakSet

from rrq_core.client.notice import notice
from rrq_core.client.wishes import Delivery, Watch, Wishes
from rrq_core.errors import BackendUnavailable, Closed
from rrq_core.model.ids import TaskId, WatcherId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended, TaskField
from rrq_core.ports import Queue
from rrq_core.worker.outage import growing_pauses

LONGEST_BLOCK = 1.0  # seconds in one `ended`, so that a shorter `time_poll` that comes later is soon heard
LINGER = 10.0  # seconds after the last wait for which another is likely: tasks are watched, and the thread goes on
WATCH_AGAIN = 300.0  # seconds after which all that is waited for is watched again: an inbox may lose anything
SAY_OUTAGE_AFTER = 10.0
MANY = 100  # tasks that are waited for; while there are more, news may gather for a moment and come in one answer
GATHER = 0.01

_inboxes: "WeakSet[Inbox]" = WeakSet()


class Inbox:
    """Hears when tasks end, for all waits of one controller.

    Args:
        queue: The queue.
        discard: Deletes names of the offload that were given up before a moment, by `time.time`.
    """

    def __init__(self, queue: Queue, discard: Callable[[Sequence[str], float], None]) -> None:
        self._queue = queue
        self._discard = discard
        self._closed = threading.Event()
        self._begin()
        _inboxes.add(self)

    def _begin(self) -> None:
        self.id = WatcherId(secrets.token_hex(8))
        self._wishes = Wishes()
        self._lock = threading.Lock()  # over the thread's coming and going
        self._ear = threading.Lock()  # held by whoever listens
        self._thread: threading.Thread | None = None
        self._warm_until = 0.0
        self._outage: _Outage | None = None
        self._may_have_lost = False
        self._watched_at = self._looked_after_at = time.monotonic()

    def after_fork(self) -> None:
        """Forget the parent's thread and its waits: a child has an inbox of its own."""
        was_closed = self._closed.is_set()
        self._closed = threading.Event()
        if was_closed:
            self._closed.set()
        self._begin()

    def close(self) -> None:
        """End every wait with `Closed`, and the thread."""
        self._closed.set()
        self._fail(Closed("the controller was closed while somebody waited"))

    @contextmanager
    def watching(
        self,
        tasks: Sequence[TaskId],
        deliver: Callable[[Delivery], None],
        *,
        follow: bool,
        time_poll: float = 1.0,
        listens: bool = False,
    ) -> Iterator[Callable[[], None]]:
        """Have it delivered when tasks end, as long as the block runs.

        The block is given a function, which it calls once, before it waits: that asks the store what is over already.

        Args:
            tasks: What to wait for, each once.
            deliver: Called in the thread that listens, with what is over, with nothing where that one listens no more,
                or with the error that ends the watch.
            follow: Whether a task that was retried is over only when the last of its chain is.
            time_poll: Seconds between two looks after the queue.
            listens: Whether who waits will call `listen`; else the inbox's thread listens.
        """
        if self._closed.is_set():
            raise Closed("this controller was closed: connect again")
        watch = Watch(follow=follow, time_poll=time_poll, deliver=deliver, listens=listens)
        with self._lock:
            unheard = self._wishes.enter(watch, tasks)
            if not listens:
                self._ensure_thread()
        try:
            yield partial(self._ask, unheard)
        finally:
            self._warm_until = time.monotonic() + LINGER
            self._wishes.leave(watch)
            self.hand_over()

    def listen(self, timeout: float) -> bool:
        """Listen for all who wait, in this thread, until there is news or the time is over.

        Args:
            timeout: Seconds, at most.
        Returns:
            False, at once, if another thread listens.
        """
        if not self._ear.acquire(blocking=False):
            return False
        try:
            self._hear(timeout)
        finally:
            self._ear.release()
        return True

    def hand_over(self, deliver: Callable[[Delivery], None] | None = None) -> None:
        """Rouse another of those who wait, so that it listens: this thread has something else to do.

        Args:
            deliver: That of the watch of this thread, if it goes on.
        """
        if (watch := self._wishes.one_who_listens(deliver)) is not None:
            watch.deliver(())

    @property
    def is_cut_off(self) -> bool:
        """Whether the store did not answer when it was last asked."""
        return self._outage is not None

    def expect(self, task: TaskId) -> WatcherId | None:
        """Give the id to submit a task with, so that waiting for it needs no question; None if nobody waits anyway."""
        if self._closed.is_set() or not (self._wishes or time.monotonic() < self._warm_until):
            return None
        self._wishes.expect(task)
        return self.id

    def expect_nothing(self) -> None:
        """Have every wait that begins from now on ask: tasks that were over may not be any more."""
        self._wishes.expect_nothing()

    def _ask(self, tasks: Sequence[TaskId]) -> None:
        if tasks:
            self._settle(self._queue.watch(self.id, tasks))

    def _take(self, news: Sequence[Ended]) -> None:
        """Believe news, but ask about failures: since it was sent, such a task may have been brought back."""
        failures = [end.task for end in news if end.status.is_failure]
        self._settle([end for end in news if not end.status.is_failure] if failures else news)
        if failures:
            self._ask(self._wishes.wanted_among(failures))

    def _settle(self, news: Iterable[Ended]) -> None:
        settled = self._wishes.settle(news)
        for watch, batch in settled.batches.items():
            watch.deliver(batch)
        if settled.moved:
            self._follow(settled.moved)

    def _follow(self, moved: Sequence[TaskId]) -> None:
        """Wait for the last of each chain in place of the tasks that were retried."""
        records = self._queue.read(moved, frozenset({TaskField.STATUS}), follow=True)
        leaves = {task: record.id for task, record in zip(moved, records, strict=True) if record is not None}
        self._wishes.pass_on(leaves)
        self._settle(Ended(task=task, status=TaskStatus.MISSING) for task in moved if task not in leaves)
        self._ask(list(leaves.values()))

    def _fail(self, error: Exception) -> None:
        self._warm_until = 0.0
        for watch in self._wishes.end_all():
            watch.deliver(error)

    def _ensure_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._listen, name=f"rrq-inbox-{self.id}", daemon=True)
            self._thread.start()

    def _goes_on(self) -> bool:
        """Whether the thread has a reason to go on; where it has none, it is gone from now on."""
        with self._lock:
            if not self._closed.is_set() and (self._wishes.has_silent() or time.monotonic() < self._warm_until):
                return True
            self._thread = None
            return False

    def _listen(self) -> None:
        while self._goes_on():
            with self._ear:
                self._hear(LONGEST_BLOCK)
        self.hand_over()

    def _hear(self, timeout: float) -> None:
        """Hear what is new, at most for some seconds, and deliver it. Only for who holds the ear."""
        try:
            if self._may_have_lost:
                self._ask_again()
                self._may_have_lost, self._outage = False, None
            self._look_after_queue()  # before, since who waits would wait for this too
            self._take(self._queue.ended(self.id, min(timeout, self._wishes.time_poll() or timeout)))
            if self._wishes.count() > MANY:
                self._closed.wait(GATHER)
        except BackendUnavailable as error:
            self._may_have_lost = True
            self._outage = self._outage or _Outage()
            self._outage.pause(error, self._closed, timeout)
        except Exception as error:
            self._may_have_lost = True
            self._fail(error)
        except BaseException:  # Ctrl-C, perhaps in the middle of an answer
            self._may_have_lost = True
            raise

    def _ask_again(self) -> None:
        """Ask about all that is waited for: what lay in the inbox may be lost."""
        self._watched_at = time.monotonic()
        self._wishes.expect_nothing()
        self._ask(self._wishes.wanted())

    def _look_after_queue(self) -> None:
        now, period = time.monotonic(), self._wishes.time_poll()
        if period is not None and now - self._looked_after_at >= period:
            self._looked_after_at = now
            told_at = time.time()
            recovered = self._queue.recover()
            self._discard(recovered.names, told_at)
            if recovered.is_gone:
                self._ask_again()
        if now - self._watched_at >= WATCH_AGAIN:
            self._ask_again()


class _Outage:
    """How long the store has been away, and how long to leave it alone."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._pauses = growing_pauses()
        self._was_told = False

    def pause(self, error: BackendUnavailable, closed: threading.Event, most: float) -> None:
        """Wait a little, each time a little longer, and `most` seconds at most; say once that it takes long."""
        if not self._was_told and time.monotonic() - self._began > SAY_OUTAGE_AFTER:
            notice(f"still waiting, though the store does not answer ({error})")
            self._was_told = True
        closed.wait(min(next(self._pauses), most))


def _after_fork_in_child() -> None:
    for inbox in list(_inboxes):
        inbox.after_fork()


os.register_at_fork(after_in_child=_after_fork_in_child)
