"""What a worker has of its beater: the process, or thread, that renews the worker's heartbeat and sees it end."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from rrq_core.model.work import Session


class Beater(ABC):
    """Beats for one worker, one session at a time. None of these waits for the store."""

    @abstractmethod
    def expect(self, session: Session) -> None:
        """Know of a session that is about to begin: if the worker dies from now on, that is reported."""

    @abstractmethod
    def watch(self, session: Session) -> None:
        """Beat for a session from now on, and for no other; call it after each registration."""

    @abstractmethod
    def is_lost(self) -> bool:
        """Whether the beater was told that the session it watches is over."""

    _show_stack: Callable[[], None] | None = None

    def when_stack_is_wanted(self, show: Callable[[], None]) -> None:
        """Note what to call, in a thread of the beater's, if it is asked for the stack of a task's own process."""
        self._show_stack = show

    @abstractmethod
    def close(self) -> None:
        """Stop beating, for good; call it before the worker leaves."""
