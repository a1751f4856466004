"""Talks with the store about a process that lasts, in threads of its own: who waits for the process waits for nothing
else.

One thread tells news and asks whether the task is still wanted. The other sleeps on the worker's own wake-ups, and has
the first ask when there is one. The one starts with the first process, the other with the first that lasts; both stay.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from rrq_core.errors import Fenced, RrqError
from rrq_core.model.task import Standing
from rrq_core.model.work import Claim
from rrq_core.ports import Workers
from rrq_core.worker.deaf_thread import start_deaf_thread
from rrq_core.worker.outage import growing_pauses
from rrq_core.worker.process.news import News

_LONGEST_SLEEP = 1.0  # seconds; when a process has ended, its worker's wake-ups may be heard here for so long

Tell = Callable[[Claim, News], Standing]


class Watch:
    """Keeps the store informed of one process at a time, and hears whether it is to be stopped.

    Args:
        workers: Where the worker's wake-ups come.
        tell: Tells news to the store, and gives how the claim stands; raises what the store raises.
        poll: Seconds between two questions to the store.
    """

    def __init__(self, workers: Workers, tell: Tell, poll: float) -> None:
        self._workers = workers
        self._tell = tell
        self._poll = poll
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._changed = threading.Condition()
        self._claim: Claim | None = None
        self._news = News()
        self._is_attended = self._is_to_ask = self._is_telling = self._is_closed = False
        self._standing = Standing.HELD
        self._sleeps_until = 0.0
        self._threads: dict[str, threading.Thread] = {}

    def fileno(self) -> int:
        """Give the descriptor that is readable when a process that is attended is not wanted any more."""
        return self._ear.fileno()

    def heard(self) -> Standing:
        """Tell how the claim stands, as far as is known here."""
        with suppress(BlockingIOError):
            self._ear.recv(64)
        with self._changed:
            return self._standing

    def tell(self, claim: Claim, news: News) -> None:
        """Tell news of a process."""
        with self._changed:
            self._take(claim, news)
        self._start(self._talk)

    def attend(self, claim: Claim, news: News) -> None:
        """Tell news of a process that lasts, and from now on ask whether it is wanted."""
        with self._changed:
            self._take(claim, news)
            self._is_attended = self._is_to_ask = True
        self._start(self._talk)
        self._start(self._listen)

    def dismiss(self) -> News:
        """Leave off with a process; give what was not told. While the store is away, this may take some seconds."""
        with self._changed:
            self._claim, self._is_attended = None, False
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._is_telling)
            left, self._news = self._news, News()
            self._is_to_ask = False
        with suppress(BlockingIOError):
            self._ear.recv(64)
        return left

    def deaf_for(self) -> float:
        """Give the seconds for which wake-ups of the worker may still be heard here; 0 if they are not."""
        return max(0.0, self._sleeps_until - time.monotonic())

    def close(self) -> None:
        """Let the threads end."""
        with self._changed:
            self._claim, self._is_attended, self._is_closed = None, False, True
            self._changed.notify_all()
        self._ear.close()
        if not self._threads:
            self._bell.close()

    def _take(self, claim: Claim, news: News) -> None:
        if claim != self._claim:
            self._claim, self._standing = claim, Standing.HELD
        self._news = self._news.then(news)
        self._changed.notify_all()

    def _start(self, life: Callable[[], None]) -> None:
        """Start a thread, if it has not been."""
        name = f"rrq{life.__name__}"
        if name not in self._threads:
            self._threads[name] = start_deaf_thread(life, name)

    def _talk(self) -> None:
        pauses = growing_pauses()
        while (task := self._next()) is not None:
            claim, news = task
            try:
                standing = self._tell(claim, news)
            except Fenced:
                self._done(claim, Standing.GONE)
            except RrqError:  # the store is away: what is new is kept, and told when it is back
                self._keep(news)
                self._pause(claim, next(pauses))
            else:
                pauses = growing_pauses()
                self._done(claim, standing)
        self._bell.close()

    def _pause(self, claim: Claim, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._claim != claim, seconds)

    def _next(self) -> tuple[Claim, News] | None:
        """Wait for something to tell or to ask; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._has_something())
            if self._is_closed or self._claim is None:
                return None
            news, self._news, self._is_to_ask, self._is_telling = self._news, News(), False, True
            return self._claim, news

    def _has_something(self) -> bool:
        return self._claim is not None and (self._is_to_ask or bool(self._news))

    def _keep(self, news: News) -> None:
        with self._changed:
            self._news = news.then(self._news)
            self._is_to_ask, self._is_telling = True, False
            self._changed.notify_all()

    def _done(self, claim: Claim, standing: Standing) -> None:
        with self._changed:
            self._is_telling = False
            if claim == self._claim and standing is not self._standing:
                self._standing = standing
                self._bell.send(b"!")
            self._changed.notify_all()

    def _listen(self) -> None:
        asked_at = time.monotonic()
        while (claim := self._attended()) is not None:
            sleep = min(self._poll, _LONGEST_SLEEP)
            began = time.monotonic()
            self._sleeps_until = began + sleep
            try:
                self._workers.wait(claim.session, (), sleep)
            except RrqError:
                time.sleep(min(sleep, next(growing_pauses())))
            finally:
                self._sleeps_until = 0.0
            now = time.monotonic()
            if now - began < sleep or now - asked_at >= self._poll:
                asked_at = now
                with self._changed:
                    self._is_to_ask = True
                    self._changed.notify_all()

    def _attended(self) -> Claim | None:
        """Wait for a process to be attended; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._is_attended)
            return self._claim
