"""How long a worker has had no task."""

from rrq_core.ports.clock import process_clock


class IdleTimer:
    """Seconds until a worker has been without a task for too long. Only tasks, and another limit, restart it."""

    def __init__(self, limit: float) -> None:
        self.set_limit(limit)

    def set_limit(self, limit: float) -> None:
        """Count from now on, to a limit in seconds; infinity: none."""
        self.limit = limit
        self.restart()

    def restart(self) -> None:
        """Count from now on."""
        self._since = process_clock.monotonic()

    def remaining(self) -> float:
        """Give the seconds that are left: infinity where there is no limit, 0 or less when it is over."""
        return self._since + self.limit - process_clock.monotonic()
