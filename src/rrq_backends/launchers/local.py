"""Workers on this machine: one process in a session of its own starts them all, beats for them, and sees them end."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence

from rrq_core.errors import InvalidArgument
from rrq_core.ports.launcher import LAUNCH_LOG, Launcher

_BETWEEN_SIGNALS = 0.2  # seconds; of two signals that come at once, one is lost
_LONGEST_END = 9.0  # seconds that workers take at most to sign off in the middle of their tasks
_LONGEST_KILL = 5.0


class LocalLauncher(Launcher):
    """Starts workers that a Ctrl-C here does not reach, and that may outlive us. What it names are process ids."""

    def __init__(self) -> None:
        self._started: dict[str, _Parent] = {}

    def launch(
        self, command: Sequence[str], n: int, env: Mapping[str, str], options: Mapping[str, object]
    ) -> list[str]:
        """Start the one process that starts n workers."""
        if options:
            named = ", ".join(map(repr, options))
            raise InvalidArgument(f"the launcher 'local' has no options, and was given {named}")
        parent = _Parent(_for_many(command, n), env)
        self._started[parent.name] = parent
        return [parent.name]

    def stop(self, launched: Sequence[str]) -> None:
        """Stop the workers as a second SIGTERM does: they sign off in the middle of their tasks. At last, SIGKILL."""
        for parent in self._running(launched):
            parent.ask()
        for parent in self._running(launched):
            parent.insist()

    def ask_to_stop(self, launched: Sequence[str]) -> None:
        """Send SIGTERM, which is passed on to the workers."""
        for parent in self._running(launched):
            parent.ask()

    def has_ended(self, launched: Sequence[str]) -> bool:
        """Tell whether the process that started the workers, and which ends after them, has ended."""
        return not self._running(launched)

    def _running(self, launched: Sequence[str]) -> "list[_Parent]":
        parents = (self._started[name] for name in launched)
        return [parent for parent in parents if parent.is_running]


class _Parent:
    """The process that starts workers and stands over them."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._was_asked = False
        with open(env[LAUNCH_LOG], "ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **env},
                start_new_session=True,
            )
        self.name = str(self._process.pid)
        threading.Thread(target=self._process.wait, name=f"rrq-reaper-{self.name}", daemon=True).start()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ask(self) -> None:
        if not self._was_asked:
            self._was_asked = True
            self._process.terminate()

    def insist(self) -> None:
        for patience in (_BETWEEN_SIGNALS, _LONGEST_END, _LONGEST_KILL):
            if self._has_ended_in(patience):
                return
            self._process.terminate()  # the second makes workers sign off, at the third they are killed
        self._process.kill()
        self._process.wait()

    def _has_ended_in(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def _for_many(command: Sequence[str], n: int) -> list[str]:
    options_end = command.index("--")
    return [*command[:options_end], "--workers", str(n), *command[options_end:]]
