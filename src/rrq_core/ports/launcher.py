"""How worker processes are started and stopped in some place: here, on a cluster. A plugin's port, not a store's."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

NUMBER = "RRQ_WORKER_NUMBER"
"""The variable that tells a started command which of the n workers it is, from 1."""

LAUNCH_LOG = "RRQ_LAUNCH_LOG"
"""The variable that names a file for what is printed before a worker has a log of its own, and beside it."""


class Launcher(ABC):
    """A way to start workers in some place. A plugin offers it by the hook `rrq_register_launchers`."""

    @abstractmethod
    def launch(
        self, command: Sequence[str], n: int, env: Mapping[str, str], options: Mapping[str, object]
    ) -> list[str]:
        """Start a command n times and name what was started: process ids, job ids.

        Args:
            command: The words that start one worker. It takes the first number of 1, 2 ... that no living one has or,
                where its environment has RRQ_WORKER_NUMBER, that number. With `--workers` and a number put before its
                `--`, one start makes so many workers, numbered from 1 or from RRQ_WORKER_NUMBER.
            n: How many workers there are to be.
            env: What the environment of each must have besides. RRQ_URL may hold a password, so none of it belongs on a
                command line. RRQ_LAUNCH_LOG names a file for what is printed before a worker has its own log.
            options: What the caller of `worker_spawn` gave as `launcher_options`.
        Returns:
            Names that the other methods understand.
        Raises:
            InvalidArgument: If an option does not exist, or cannot be. Nothing was started.
            LaunchFailed: If the place does not start them. Nothing was started.
        """

    @abstractmethod
    def stop(self, launched: Sequence[str]) -> None:
        """Stop what `launch` named, in the middle of tasks; what has ended is fine."""

    def ask_to_stop(self, launched: Sequence[str]) -> None:
        """Ask what `launch` named to finish its tasks and leave, where the place can pass on SIGTERM; else stop it."""
        self.stop(launched)

    def has_ended(self, launched: Sequence[str]) -> bool | None:
        """Tell whether nothing runs of what `launch` named, and nothing will; None where that cannot be known."""
        return None
