"""Waiting for something to become true, in place of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

_SHORTEST_PAUSE = 0.001
_LONGEST_PAUSE = 0.05


def wait_until(probe: Callable[[], _T], what: str, timeout: float = 10.0) -> _T:
    """Call a probe until its answer is true, and give that answer.

    Args:
        probe: What to look at; it is called in growing intervals, at most 50 ms apart.
        what: What is waited for, for the error: "the worker is idle".
        timeout: Seconds after which it is too late.
    Returns:
        The first true answer.
    Raises:
        AssertionError: If there was none in time; it shows the last answer.

    Example:
        >>> answers = iter([None, "ready"])
        >>> wait_until(lambda: next(answers), "it is ready")
        'ready'
    """
    deadline = time.monotonic() + timeout
    pause = _SHORTEST_PAUSE
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout:g} s it is still not so that {what}; the last answer was {answer!r}")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return answer
