"""Being asked to stop, and the sleeps that this cuts short."""

import threading
import time
from collections.abc import Callable


class StoppedNow(BaseException):
    """Raised through whatever a worker's process is doing when a second signal stops it at once.

    No `Exception`, so that tasks that catch what goes wrong in them do not catch this.
    """


class _Awakened(BaseException):
    """Raised by a signal handler through a sleep of its own thread, to end it."""


class StopRequest:
    """A request to stop, from a signal handler, another thread or the worker itself. The first one counts."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._sleeper: int | None = None

    def ask(self, reason: str) -> None:
        """Ask to stop. In a signal handler, this ends the sleep of the thread that it interrupted."""
        if self.reason is None:
            self.reason = reason
        if self._sleeper == threading.get_ident():  # only a signal handler runs in a thread that sleeps
            self._sleeper = None
            raise _Awakened

    def sleep(self, sleep: Callable[[], None]) -> None:
        """Call what sleeps, unless a stop was asked for; it is left as soon as one is."""
        self._sleep(lambda: sleep() if self.reason is None else None)

    def pause(self, seconds: float) -> None:
        """Sleep for some seconds, also if a stop was asked for before."""
        self._sleep(lambda: time.sleep(seconds))

    def _sleep(self, sleep: Callable[[], None]) -> None:
        try:
            try:
                self._sleeper = threading.get_ident()
                sleep()
            finally:
                self._sleeper = None
        except _Awakened:  # the inner `finally` may be interrupted too, hence two
            pass
