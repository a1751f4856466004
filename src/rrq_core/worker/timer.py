"""How long a worker has had no task."""

import time


class IdleTimer:
    """Seconds until a worker has been without a task for too long. Only tasks restart it."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.restart()

    def restart(self) -> None:
        """Count from now on."""
        self._since = time.monotonic()

    def remaining(self) -> float:
        """Give the seconds that are left: infinity where there is no limit, 0 or less when it is over."""
        return self._since + self._limit - time.monotonic()
