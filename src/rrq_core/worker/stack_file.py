"""The file in which a process shows its stack when it is asked to.

A thread of it, or a signal handler in Python, writes a line of JSON. That needs the interpreter's lock, which C code
may hold for long. So upon SIGUSR1 C code of Python's own writes there too, of the main thread alone: it reads what
other threads may change meanwhile, and would crash.
"""

import faulthandler
import fcntl
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType

from rrq_core.worker.forks import keep_from_forks
from rrq_core.worker.stacks import Stack, dumped_stacks, read_stacks, stacks_here, written_stacks

PATIENCE = 1.0
"""Seconds that Python has to write the stack before that which C code writes is taken."""

_own: int | None = None


def own_stack_file() -> int | None:
    """Give the descriptor of the file in which this process shows its stack; by SIGUSR1, too, from now on to its end.

    Whoever has a handler for that signal keeps it.

    Returns:
        None where there is no place for a file.
    """
    global _own
    if _own is None:
        with suppress(OSError):
            _own = _nameless_file()
            if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
                faulthandler.register(signal.SIGUSR1, _own, all_threads=False)
                keep_from_forks([signal.SIGUSR1], _forget)
    return _own


def write_own_stack() -> None:
    """Show the stack of the task that this process runs, in its file, if it has one."""
    _write(sys._current_frames())


def show_stack_at_signal(descriptor: int) -> None:
    """Have this process show its stack in a file at SIGUSR1, by C code and, as soon as it can, by Python."""
    global _own
    _own = descriptor
    signal.signal(signal.SIGUSR1, _show)
    faulthandler.register(signal.SIGUSR1, descriptor, all_threads=False, chain=True)
    keep_from_forks([signal.SIGUSR1], _forget)


def _show(number: int, frame: FrameType | None) -> None:
    frames = sys._current_frames()
    _write(frames if frame is None else {**frames, threading.get_ident(): frame})


def _write(frames: Mapping[int, FrameType]) -> None:
    if _own is not None:
        with suppress(OSError):
            os.write(_own, written_stacks(stacks_here(frames)).encode() + b"\n")


def _forget() -> None:
    """Leave SIGUSR1 to what a fork is for, and to what the task has set for it."""
    global _own
    _own = None
    handler = signal.getsignal(signal.SIGUSR1)
    faulthandler.unregister(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL if handler is _show else handler)


def _nameless_file() -> int:
    """Make a file that is gone with the last process that has it open."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("rrq-stack")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)  # so that it can be emptied between two writes
    return descriptor


class StackFile:
    """The file, for who reads it.

    Args:
        descriptor: The file; it is closed with this.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def empty(self) -> None:
        """Empty the file, before the process is asked."""
        os.ftruncate(self._descriptor, 0)

    def written(self) -> Sequence[Stack] | None:
        """Give what Python has written, empty if no task is run there; None: nothing yet."""
        lines = [line for line in self._text().splitlines(keepends=True) if line.startswith("[") and line[-1] == "\n"]
        return read_stacks(lines[0]) if lines else None

    def dumped(self) -> Sequence[Stack]:
        """Give what C code has written; empty if no task is run there, or nothing was written."""
        return dumped_stacks(self._text())

    def close(self) -> None:
        """Close the file here."""
        os.close(self._descriptor)

    def _text(self) -> str:
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0).decode("ascii", "replace")
