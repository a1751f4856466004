"""Signals that reach a process which has nothing left to do but to end."""

import atexit
import signal
from collections.abc import Iterable


def ignore_when_ending(numbers: Iterable[signal.Signals]) -> None:
    """Ignore these signals once the interpreter ends: a service sends them twice, and the exit status is to be ours.

    Python takes its handlers away by then, so that the system would end the process, as if it had failed.
    """
    watched = tuple(numbers)
    atexit.register(lambda: [signal.signal(number, signal.SIG_IGN) for number in watched])
