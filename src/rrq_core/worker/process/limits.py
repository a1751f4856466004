"""How long the process of a task may run, and how much memory it may use with all that it has started."""

import time
from typing import TYPE_CHECKING

from rrq_core.worker.process.ending import Verdict, late, too_large

if TYPE_CHECKING:
    import psutil

_BETWEEN_LOOKS = 1.0  # seconds between two looks at the memory


class Limits:
    """The limits of one process, from its start on.

    Args:
        timeout: Seconds that it may run; None: no limit.
        memory: Bytes that it may use; None: no limit.
        zygote: The process id of its zygote.
    """

    def __init__(self, timeout: float | None, memory: int | None, zygote: int) -> None:
        now = time.monotonic()
        self._timeout = timeout
        self._memory = memory
        self._zygote = zygote
        self._ends_at = None if timeout is None else now + timeout
        self._look_at = None if memory is None else now + _BETWEEN_LOOKS

    def look_again(self) -> float | None:
        """Give the seconds until `overrun` is to be asked next; None: there is no limit."""
        times = [at for at in (self._ends_at, self._look_at) if at is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def overrun(self) -> Verdict | None:
        """Tell which limit is overrun; None if none is."""
        now = time.monotonic()
        if self._timeout is not None and self._ends_at is not None and now >= self._ends_at:
            return late(self._timeout)
        if self._memory is not None and self._look_at is not None and now >= self._look_at:
            self._look_at = now + _BETWEEN_LOOKS
            used = memory_in_use(self._zygote)
            if used > self._memory:
                return too_large(used, self._memory)
        return None


def memory_in_use(zygote: int) -> int:
    """Give the bytes that all descendants of a zygote use; on Linux, memory that they share is counted in parts."""
    import psutil  # here, since a worker starts sooner without it

    try:
        return sum(map(_used_by, psutil.Process(zygote).children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def _used_by(process: "psutil.Process") -> int:
    import psutil

    try:
        memory = process.memory_full_info()
    except psutil.Error:  # it has ended, or it is another user's
        return 0
    return int(getattr(memory, "pss", memory.rss))
