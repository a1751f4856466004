"""The stack of the process of a task, for its worker, which passes the question on and takes the answer."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from rrq_core.worker.stack_file import PATIENCE, StackFile, show_stack_at_signal
from rrq_core.worker.stacks import Stack

_NAME = "stack"
_BETWEEN_LOOKS = 0.02


def show_stack_in(scratch: Path) -> None:
    """Have this process, which is that of a task, write its stack into the worker's scratch directory when asked."""
    with suppress(OSError):
        show_stack_at_signal(_opened(scratch))


class ChildStack:
    """Takes the stack of the process that runs, whenever that is asked for. It closes with `close`."""

    def __init__(self) -> None:
        self._ear, self._bell = socket.socketpair()
        for end in (self._ear, self._bell):
            end.setblocking(False)
        self._file: StackFile | None = None
        self._until = 0.0

    def ask(self) -> None:
        """Ask for it, in any thread."""
        with suppress(OSError):  # closed, or asked for often enough
            self._bell.send(b"?")

    def fileno(self) -> int:
        """Give the descriptor that is readable when it was asked for."""
        return self._ear.fileno()

    def begin(self, scratch: Path, pass_on: Callable[[], None]) -> None:
        """Pass a question on; one at a time."""
        self._ear.recv(4096)
        if self._file is None:
            self._file = StackFile(_opened(scratch))
            self._file.empty()
            self._until = time.monotonic() + PATIENCE
            pass_on()

    @property
    def look_again(self) -> float | None:
        """Seconds after which to call `taken`; None while nothing is awaited."""
        return None if self._file is None else _BETWEEN_LOOKS

    def taken(self, *, has_ended: bool = False) -> Sequence[Stack]:
        """Give what has come, once; `has_ended`: no more will."""
        if self._file is None:
            return ()
        stacks = self._file.written()
        if stacks is None and (has_ended or time.monotonic() >= self._until):
            stacks = self._file.dumped()
        if stacks is None:
            return ()
        self.forget()
        return stacks

    def forget(self) -> None:
        """Wait for no answer any more."""
        if self._file is not None:
            self._file.close()
            self._file = None
        with suppress(OSError):
            self._ear.recv(4096)

    def close(self) -> None:
        """End it."""
        self.forget()
        self._ear.close()
        self._bell.close()


def _opened(scratch: Path) -> int:
    return os.open(scratch / _NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
