"""How worker processes are started and stopped in some place: here, on a cluster. A plugin's port, not a store's."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence


class Launcher(ABC):
    """A way to start processes."""

    @abstractmethod
    def launch(self, command: Sequence[str], n: int, env: Mapping[str, str], options: Mapping[str, str]) -> list[str]:
        """Start a command n times and name what was started: process ids, job ids."""

    @abstractmethod
    def stop(self, launched: Sequence[str]) -> None:
        """Stop what `launch` named; what has ended is fine."""
