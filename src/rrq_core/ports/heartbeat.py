"""The port for proof of life, and for signals the other way."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from rrq_core.model.worker import Beat


class Heartbeat(ABC):
    """Keys that lapse unless they are renewed. Their names are whole: they need not belong to a queue."""

    @abstractmethod
    def beat(self, beats: Sequence[Beat]) -> list[bool]:
        """Renew keys; a beat with `expire` 0 clears its key. Tried once: who beats tries again by itself, and in time.

        Returns:
            For each, False if its session is over: its key was not renewed, stop.
        """

    @abstractmethod
    def remaining(self, keys: Sequence[str]) -> list[float | None]:
        """Seconds until each key lapses; None for one that has."""

    @abstractmethod
    def signal(self, key: str, signal: int) -> None:
        """Leave a signal for the process whose heartbeat this is; 0 asks the heartbeat alone to stop.

        It is fetched once, also if the call had to be made twice. Nobody may be there to fetch it: it may be dropped
        after ten minutes.
        """

    @abstractmethod
    def signals(self, keys: Sequence[str], timeout: float) -> list[tuple[str, int]]:
        """Wait for signals to any of these keys, at most `timeout` seconds, and take them."""
