"""The stack of a worker, taken by its beater, into the worker's log."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from rrq_core.errors import RrqError
from rrq_core.ports import Workers
from rrq_core.worker.beater.ward import Ward
from rrq_core.worker.deaf_thread import start_deaf_thread
from rrq_core.worker.stack_file import PATIENCE, StackFile
from rrq_core.worker.stacks import Stack, stack_entry

_PAUSE = 0.02


class StackLook:
    """Looks at the stack of one process, as often as that is asked for.

    Args:
        ward: The process.
        descriptor: The file that it writes its stack to.
        workers: Where its log is.
    """

    def __init__(self, ward: Ward, descriptor: int, workers: Workers) -> None:
        self._ward = ward
        self._file = StackFile(descriptor)
        self._workers = workers
        self._one_at_a_time = threading.Lock()

    def begin(self) -> None:
        """Look, in a thread of its own. A look that has begun serves who asks meanwhile."""
        if self._one_at_a_time.acquire(blocking=False):
            start_deaf_thread(self._look, "rrq-beater-stack")

    def close(self) -> None:
        """Close the file, unless somebody still looks: its process has ended, and so he soon has."""
        if self._one_at_a_time.acquire(blocking=False):
            self._file.close()

    def _look(self) -> None:
        try:
            stacks = self._stacks()
            if stacks and self._ward.session is not None:
                with suppress(RrqError):  # away, or the session is over: who waits for it asks again
                    self._workers.log(self._ward.session, [stack_entry(stacks)])
        finally:
            self._one_at_a_time.release()

    def _stacks(self) -> Sequence[Stack]:
        """Have a thread of it write it; only if none can, by a signal, which may cut short what C code does."""
        self._file.empty()
        self._ward.wire.send({"stack": True})
        if self._comes(lambda: self._file.written() is not None):
            return self._file.written() or ()
        self._ward.signal(signal.SIGUSR1)
        self._comes(lambda: bool(self._file.dumped()))
        return self._file.dumped()

    def _comes(self, is_there: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + PATIENCE
        while not is_there():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
        return True
