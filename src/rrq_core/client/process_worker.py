"""A worker in a process of its own."""

import os
import site
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

from rrq_core.client.started import StartedWorker
from rrq_core.worker import WorkerSetup

_BETWEEN_SIGNALS = 0.2  # seconds; of two signals that come at once, one is lost
_LONGEST_END = 7.0  # seconds that a worker takes at most to sign off in the middle of a task


class ProcessWorker(StartedWorker):
    """The command `rrq-worker` in a session of its own: a Ctrl-C here does not reach it, and it may outlive us."""

    def __init__(self, setup: WorkerSetup, log: Path) -> None:
        self.id = setup.worker_id
        self.log = log
        self._was_asked = False
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                _command(setup),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "RRQ_URL": setup.url, "PYTHONPATH": import_path()},
                start_new_session=True,
            )
        threading.Thread(target=self._process.wait, name=f"rrq-reaper-{self.id}", daemon=True).start()

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    @property
    def has_failed(self) -> bool:
        """Whether the process has ended with a status other than 0."""
        return self._process.poll() not in (None, 0)

    def wait(self, timeout: float) -> bool:
        """Wait until the process has ended, at most `timeout` seconds; whether it has."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ask_to_stop(self) -> None:
        """Send SIGTERM: the worker finishes its task and leaves."""
        self._was_asked = True
        self._process.terminate()

    def stop_now(self) -> None:
        """Send SIGTERM for a second time: the worker signs off in the middle of its task. At last, SIGKILL."""
        if not self._was_asked:
            self.ask_to_stop()
        if self.wait(_BETWEEN_SIGNALS):
            return
        self._process.terminate()
        if not self.wait(_LONGEST_END):
            self._process.kill()
            self._process.wait()


def _command(setup: WorkerSetup) -> list[str]:
    """Make the command. The URL is not in it, as it may have a password, and anybody can read commands."""
    log = [] if setup.process_log is None else ["--process-log", setup.process_log]
    names = ["--config", setup.config_name, "--worker-id", setup.worker_id]
    return [sys.executable, "-m", "rrq_core.cli.worker", *names, *log, "--", setup.queue_id]


def import_path() -> str:
    """Give what $PYTHONPATH must be for another Python to import what can be imported here."""
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    own |= {os.path.join(sysconfig.get_path("platstdlib"), "lib-dynload"), site.getusersitepackages()}
    extra = [entry for entry in sys.path if entry and entry not in own and os.path.exists(entry)]
    return os.pathsep.join(os.path.abspath(entry) for entry in extra)
