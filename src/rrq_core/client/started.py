"""Workers that this process has started, whatever they run in."""

from abc import ABC, abstractmethod
from pathlib import Path

from rrq_core.model.ids import WorkerId


class StartedWorker(ABC):
    """A worker that this process has started. `log`: the file that takes what it prints."""

    id: WorkerId
    log: Path

    @property
    @abstractmethod
    def is_running(self) -> bool:
        """Whether it has not ended."""

    @property
    @abstractmethod
    def has_failed(self) -> bool:
        """Whether it has ended by a failure."""

    @abstractmethod
    def wait(self, timeout: float) -> bool:
        """Wait until it has ended, at most `timeout` seconds; whether it has."""

    @abstractmethod
    def ask_to_stop(self) -> None:
        """Ask it to finish its task and then to leave, without the help of the store."""

    @abstractmethod
    def stop_now(self) -> None:
        """End it in the middle of its task, where that is possible."""
