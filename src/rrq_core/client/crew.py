"""Workers that are to be started together: their ids, the files of their logs, and the command that starts one."""

import os
import site
import sys
import sysconfig
from pathlib import Path

from attrs import frozen

from rrq_core.client.connection import Connection
from rrq_core.client.workers import ACTIVE
from rrq_core.errors import InvalidArgument, WorkerIdTaken
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import WorkerId, worker_id
from rrq_core.model.worker import WorkerRecord
from rrq_core.ports.launcher import LAUNCH_LOG
from rrq_core.worker import WorkerSetup


@frozen(kw_only=True)
class Crew:
    """Workers of one queue that are to be called BASE_1, BASE_2 ...

    Args:
        connection: The queue.
        base: What their ids begin with.
        n: How many there are to be.
        config_name: The name under which their configuration is stored.
        config: That configuration.
        directory: Where their logs are to be.
    """

    connection: Connection
    base: WorkerId
    n: int
    config_name: str
    config: WorkerConfig
    directory: Path

    def ids(self) -> list[WorkerId]:
        """Give their ids.

        Raises:
            InvalidName: If these can be none.
        """
        return [worker_id(f"{self.base}_{number}") for number in range(1, self.n + 1)]

    def logs(self) -> dict[WorkerId, Path]:
        """Give the files of their logs, by id."""
        return {id: self.directory / id for id in self.ids()}

    def check(self) -> None:
        """Check that they can be started, and make the directory for their logs.

        Raises:
            InvalidArgument: If the ids can be none, or a log cannot be written.
            WorkerIdTaken: If a worker of such an id is alive.
        """
        if "/" in self.base:
            raise InvalidArgument(f"worker_id_base names files of logs, so there is no / in it: {self.base!r}")
        for record in self.connection.backend.workers.read(self.ids(), ACTIVE):
            if not self._has_lapsed(record):
                raise WorkerIdTaken(record.id, has_heartbeat=record.has_heartbeat, chosen="worker_id_base")
        _make(self.directory)
        for log in self.logs().values():
            _check_writable(log)

    def _has_lapsed(self, record: WorkerRecord) -> bool:
        """Tell whether a worker that stands as active is gone, so that another may have its id."""
        key = None if record.info is None else record.info.heartbeat_key
        return key is not None and self.connection.backend.heartbeat.remaining([key]) == [None]

    def setups(self) -> list[WorkerSetup]:
        """Say what each is."""
        return [
            WorkerSetup(
                queue_id=self.connection.queue_id,
                url=self.connection.url,
                worker_id=id,
                config_name=self.config_name,
                config=self.config,
                process_log=str(log),
            )
            for id, log in self.logs().items()
        ]

    def command(self) -> tuple[str, ...]:
        """Give the words that start one. The URL is not among them: it may hold a password, and all read commands."""
        names = [f"--config={self.config_name}", f"--worker-id={self.base}", f"--log-directory={self.directory}"]
        return (sys.executable, "-m", "rrq_core.cli.worker", "--numbered", *names, "--", self.connection.queue_id)

    def env(self) -> dict[str, str]:
        """Give what the environment of each must have besides."""
        return {
            "RRQ_URL": self.connection.url,
            "PYTHONPATH": import_path(),
            LAUNCH_LOG: str(self.directory / self.base),
        }


def import_path() -> str:
    """Give what $PYTHONPATH must be for another Python to import what can be imported here."""
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    own |= {os.path.join(sysconfig.get_path("platstdlib"), "lib-dynload"), site.getusersitepackages()}
    extra = [entry for entry in sys.path if entry and entry not in own and os.path.exists(entry)]
    return os.pathsep.join(os.path.abspath(entry) for entry in extra)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidArgument(f"logdir cannot be a directory for logs ({error}); name another") from error


def _check_writable(log: Path) -> None:
    try:
        log.open("ab").close()
    except OSError as error:
        raise InvalidArgument(
            f"the log of a worker cannot be written to {str(log)!r} ({error}); name another logdir"
        ) from error
