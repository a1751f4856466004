"""Workers that this process has started, whatever they run in."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path

from rrq_core.model.ids import WorkerId


class StartedWorkers(ABC):
    """Workers that were started together.

    Args:
        logs: By the id of each, the file that takes what it prints.
    """

    def __init__(self, logs: Mapping[WorkerId, Path]) -> None:
        self.logs = logs

    @abstractmethod
    def alive(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Tell which of these are up and have not ended."""

    @abstractmethod
    def come_up(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Tell which of these have come up; they may have ended since."""

    @abstractmethod
    def failed(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Tell which of these have ended before they came up."""

    @abstractmethod
    def have_ended(self) -> bool:
        """Tell, without the help of the store, whether nothing runs any more, as far as can be known."""

    @abstractmethod
    def printed_besides(self) -> Path | None:
        """Give the file that takes what is printed before a worker has its log, None where there is none."""

    @abstractmethod
    def ask_to_stop(self) -> None:
        """Ask all to finish their tasks and then to leave, without the help of the store."""

    @abstractmethod
    def stop_now(self) -> None:
        """End all in the middle of their tasks, where that is possible."""
