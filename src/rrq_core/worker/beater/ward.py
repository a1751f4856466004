"""A process that a beater looks after: the one that has started it, or one of those that it has started."""

import os
import select
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from rrq_core.model.work import Session
from rrq_core.worker.beater.oom import OutOfMemory
from rrq_core.worker.beater.wire import Wire

_OUT_OF_MEMORY = " (out of memory)"
_BETWEEN_LOOKS = 0.05
_LONGEST_DYING = 1.0


@frozen(kw_only=True)
class End:
    """How a process has ended. `reason`: what there is to report, None if nothing is."""

    reason: str | None
    status: int = 0


class Ward(ABC):
    """A process, and the wire to it. `session` and `key`: what it has asked to be watched and beaten.

    `expected`: a session of its that may have begun since.
    """

    def __init__(self, wire: Wire, pid: int) -> None:
        self.wire = wire
        self.memory = OutOfMemory(pid)
        self.session: Session | None = None
        self.expected: Session | None = None
        self.key: str | None = None
        self.is_told = False

    @property
    def look_again(self) -> float | None:
        """Seconds after which to ask for its end; None: something else tells when to."""
        return None

    def descriptors(self) -> Sequence[int]:
        """Give the descriptors that become readable when it ends, besides the wire."""
        return ()

    def hang_up(self) -> None:
        """Note that the wire is cut."""
        self.wire.close()

    @abstractmethod
    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""

    @abstractmethod
    def end(self) -> End | None:
        """Tell how it has ended; None if it has not."""


class Starter(Ward):
    """The process that has started this one."""

    def __init__(self, wire: Wire, pid: int) -> None:
        super().__init__(wire, pid)
        self._pid = pid
        self._handle = _handle_of(pid)
        self._hung_up_at: float | None = None

    @property
    def look_again(self) -> float | None:
        """Without a handle of its process it is asked for once a second; with a cut wire, it is about to end."""
        if self._hung_up_at is not None:
            return _BETWEEN_LOOKS
        return None if self._handle is not None else 1.0

    def descriptors(self) -> Sequence[int]:
        """Give the handle of its process."""
        return () if self._handle is None else (self._handle,)

    def hang_up(self) -> None:
        """Note that the wire is cut: mostly because the process is about to end."""
        super().hang_up()
        self._hung_up_at = time.monotonic()

    def signal(self, number: int) -> None:
        """Send it a signal, by the handle where there is one: a number may mean another process by now."""
        with suppress(OSError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, number)
            elif os.getppid() == self._pid:
                os.kill(self._pid, number)

    def end(self) -> End | None:
        """Tell whether it has ended, or has cut the wire and lives: then there is nothing to report."""
        if os.getppid() != self._pid or (self._handle is not None and _is_readable(self._handle)):
            why = _OUT_OF_MEMORY if self.memory.has_killed() else ""
            return End(reason=f"its process has ended{why}")
        if self._hung_up_at is not None and time.monotonic() - self._hung_up_at > _LONGEST_DYING:
            return End(reason=None)
        return None


class Started(Ward):
    """A process that this one starts, in a session of its own: what a terminal's keys send goes to this one alone.

    Args:
        command: Gives the words that start it, for a descriptor of the wire.
        env: Its environment.
        output: The file that what it prints is added to; None: it prints where this process does.
    Raises:
        OSError: If it cannot be started.
    """

    def __init__(self, command: Callable[[int], Sequence[str]], env: Mapping[str, str], output: Path | None) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _started(command(theirs.fileno()), env, output, theirs.fileno())
        super().__init__(Wire(ours), self._process.pid)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send it a signal."""
        with suppress(OSError):  # there is no such signal
            self._process.send_signal(number)

    def end(self) -> End | None:
        """Tell how it has ended, by its exit status."""
        code = self._process.poll()
        if code is None:
            return None
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            why = _OUT_OF_MEMORY if -code == signal.SIGKILL and self.memory.has_killed() else ""
            return End(reason=f"killed by {name}{why}", status=128 - code)
        return End(reason=f"its process ended with exit status {code}", status=code)


def _started(words: Sequence[str], env: Mapping[str, str], output: Path | None, link: int) -> "subprocess.Popen[bytes]":
    with open(os.devnull) if output is None else output.open("ab") as file:
        place = None if output is None else file
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=place,
            stderr=place,
            env=env,
            pass_fds=[link],
            start_new_session=True,
        )


def _handle_of(pid: int) -> int | None:
    """Open a handle of a process, where the system has such a thing."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
