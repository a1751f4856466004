"""What to do while the store is away, or has no room: try again, ever more slowly."""

import random
from collections.abc import Iterator

from rrq_core.errors import BackendFull, BackendUnavailable

PASSING = (BackendUnavailable, BackendFull)

_SHORTEST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0

# Of its own: tasks seed the module's generator, and a fleet that runs them would poll in step from then on.
_random = random.SystemRandom()


def jittered(seconds: float, spread: float = 0.2) -> float:
    """Give a random time around one in seconds, so that workers who started together do not act together."""
    return seconds * _random.uniform(1 - spread, 1 + spread)


def lengthened(seconds: float, spread: float = 0.2) -> float:
    """Give a random time in seconds that is somewhat longer, for those who were promised that one passes."""
    return seconds * _random.uniform(1, 1 + spread)


def growing_pauses() -> Iterator[float]:
    """Give the pauses between attempts in seconds: doubling from 0.1 to 2, half as much more or less, without end."""
    pause = _SHORTEST_PAUSE
    while True:
        yield jittered(pause, 0.5)
        pause = min(2 * pause, _LONGEST_PAUSE)
