"""Ctrl-C at a worker in the thread that drives it: the task that runs ends by it, and so does the call."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Raise KeyboardInterrupt at the end of a block in which Ctrl-C was pressed, whoever has caught it meanwhile.

    Where something else than Python's own handler takes SIGINT, and in threads beside the main one, nothing changes.

    Returns:
        What tells whether Ctrl-C was pressed.
    """
    came: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.default_int_handler(number, frame)

    is_ours = threading.current_thread() is threading.main_thread()
    is_ours = is_ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: bool(came)
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if came:
        raise KeyboardInterrupt
