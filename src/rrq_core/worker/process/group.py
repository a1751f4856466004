"""The processes of one task, as their zygote sees them: the leader, which it has started, and all that comes of it."""

import os
import signal
import time
from contextlib import suppress

_LONGEST_CLEARING = 5.0  # seconds; who is still there then sits in the kernel, and goes when it lets go
_PAUSE = 0.002
_CAN_PEEK = hasattr(os, "waitid")  # not everywhere: macOS has it from Python 3.13 on


class Group:
    """The group of one leader. Its number is kept from being used again until the whole group was signalled.

    Args:
        leader: The process id of a child of this process, which makes itself a session.
    """

    def __init__(self, leader: int) -> None:
        self.leader = leader
        self._status: int | None = None

    def signal(self, number: int) -> None:
        """Send a signal to all in the group."""
        try:
            os.killpg(self.leader, number)
        except ProcessLookupError:  # it has not made its session yet
            with suppress(ProcessLookupError):
                os.kill(self.leader, number)
        except PermissionError:  # macOS says so where only zombies are left
            return

    def signal_leader(self, number: int) -> None:
        """Send a signal to the leader alone, which was not reaped: its number is its own."""
        os.kill(self.leader, number)

    def has_ended(self) -> bool:
        """Tell whether the leader has ended. It stays a zombie; other children of ours that have ended do not."""
        if self._status is not None:
            return True
        if not _CAN_PEEK:
            pid, status = os.waitpid(self.leader, os.WNOHANG)
            self._status = status if pid else None
            return pid != 0
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid == self.leader:
                return True
            os.waitpid(ended.si_pid, 0)
        return False

    def kill(self) -> None:
        """Kill all of them, those too that have made themselves a session, as far as they can be found."""
        strays = _descendants()
        self.signal(signal.SIGKILL)
        _kill(strays)

    def clear(self) -> int:
        """Kill what is left when the leader has ended, and forget it.

        Returns:
            How the leader ended: its exit status, or minus the number of the signal that ended it.
        """
        self.signal(signal.SIGKILL)
        if self._status is None:
            _, self._status = os.waitpid(self.leader, 0)
        self._clear_orphans()
        return os.waitstatus_to_exitcode(self._status)

    def _clear_orphans(self) -> None:
        """Kill what the leader has left behind, and reap it: on Linux it has become ours."""
        until = time.monotonic() + _LONGEST_CLEARING
        while time.monotonic() < until:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                _kill(_descendants())
                time.sleep(_PAUSE)


def kill_session(leader: int) -> None:
    """Kill what is left of the session of a process whose zygote has ended without doing so."""
    import psutil

    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)


def _descendants() -> list[int]:
    import psutil  # here, since most tasks leave nothing behind, and a zygote starts sooner without it

    return [process.pid for process in psutil.Process().children(recursive=True)]


def _kill(processes: list[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
