"""SIGTERM, SIGINT and SIGHUP of a worker's process: the first asks it to stop after its task, the second stops it now.

SIGHUP only asks: a terminal that is closed sends it more than once.
"""

import os
import signal
import threading
import time
from collections import deque
from contextlib import suppress
from types import FrameType

from rrq_core.worker.forks import keep_from_forks
from rrq_core.worker.late_signals import ignore_when_ending
from rrq_core.worker.loop import WorkerLoop
from rrq_core.worker.stop import StoppedNow

STOPPED = 1
"""The exit status of a worker that was stopped before its task was done."""

_WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_GRACE = 5.0


class Signals:
    """Takes the signals of this process from now on, for a worker that may be made later.

    What this process was started to ignore it still ignores, as under `nohup`.
    """

    def __init__(self) -> None:
        self.received = 0
        self._direct = 0
        self._relayed = 0
        self._expected: deque[int] = deque()
        self._first = ""
        self._loop: WorkerLoop | None = None
        self._is_over = False
        watched = [number for number in _WATCHED if signal.getsignal(number) is not signal.SIG_IGN]
        ignore_when_ending(watched)
        _keep_from_forks({number: signal.signal(number, self._handle) for number in watched})

    def serve(self, loop: WorkerLoop) -> None:
        """Pass them to a worker, which runs in the main thread."""
        self._loop = loop
        if self._first:
            loop.request_stop(self._first)

    def let_go(self) -> None:
        """Take note that the worker has ended: a second signal then ends the process on the spot."""
        self._is_over = True

    def relay(self, number: int) -> None:
        """Take a signal that was sent to the parent of this process, for all that it has started. In any thread."""
        self._expected.append(number)
        signal.pthread_kill(threading.main_thread().ident or 0, number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP and self.received:
            return
        if self._is_news():
            self._heed(number)

    def _is_news(self) -> bool:
        """Count the signal: one that a service sends to all of its processes comes directly, and by the parent too.

        Of two that the parent passes on at once the system makes one.
        """
        relayed = self._take_expected()
        self._relayed += relayed
        self._direct += relayed == 0
        before, self.received = self.received, max(self._direct, self._relayed)
        return self.received > before

    def _take_expected(self) -> int:
        """Take all that the parent has passed on; the handler may be interrupted by itself, which takes the rest."""
        taken = 0
        with suppress(IndexError):
            while True:
                self._expected.popleft()
                taken += 1
        return taken

    def _heed(self, number: int) -> None:
        name = signal.Signals(number).name
        if self.received == 1:
            self._first = name
            if self._loop is not None:
                self._loop.request_stop(name)
        elif self.received == 2 and not self._is_over:
            threading.Thread(target=self._insist, args=(name,), daemon=True).start()
            raise StoppedNow(name)
        else:
            os._exit(STOPPED)

    def _insist(self, name: str) -> None:
        """End a process in which something caught `StoppedNow` and goes on."""
        time.sleep(_GRACE)
        if self._loop is not None:
            self._loop.abandon(name)
        os._exit(STOPPED)


def _keep_from_forks(handlers: "dict[signal.Signals, signal._HANDLER]") -> None:
    """Give processes that a task forks the handlers from before: they are no workers, and end when they are told."""

    def restore() -> None:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    keep_from_forks(handlers, restore)
