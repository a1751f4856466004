"""Times that people give, in seconds: their check, and how much of them is left."""

import time
from collections.abc import Callable

from rrq_core.errors import InvalidArgument
from rrq_core.model.config import LONGEST


def checked_seconds(value: object, what: str) -> float:
    """Return a number of seconds, 0 or more; infinity is one.

    Raises:
        InvalidArgument: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise InvalidArgument(f"{what} is a number of seconds, 0 or more, not {value!r}")
    return float(value)


def checked_period(value: object, what: str) -> float:
    """Return a number of seconds above 0, not so large that it cannot be counted.

    Raises:
        InvalidArgument: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        raise InvalidArgument(f"{what} is a number of seconds above 0, at most {LONGEST:,.0f}, not {value!r}")
    return float(value)


class Deadline:
    """A moment from which on it is too late."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._at = time.monotonic() + timeout

    @property
    def remaining(self) -> float:
        """Seconds that are left, not below 0."""
        return max(0.0, self._at - time.monotonic())

    @property
    def has_passed(self) -> bool:
        """Whether it is too late."""
        return time.monotonic() >= self._at


def poll(probe: Callable[[], bool], deadline: Deadline, period: float) -> bool:
    """Ask again and again until a probe says yes or it is too late: soon at first, then once a period.

    Returns:
        Whether it said yes.
    """
    pause = min(period, 0.01)
    while not probe():
        if deadline.has_passed:
            return False
        time.sleep(min(pause, deadline.remaining))
        pause = min(period, 2 * pause)
    return True
