"""Workers in processes of their own, which a launcher has started. How they are is known by the store."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

from rrq_core.client.connection import Connection
from rrq_core.client.seconds import Deadline, poll
from rrq_core.client.started import StartedWorkers
from rrq_core.client.workers import ACTIVE
from rrq_core.errors import Closed, RrqError
from rrq_core.model.ids import WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.worker import WorkerRecord
from rrq_core.ports import Launcher
from rrq_core.ports.launcher import LAUNCH_LOG

_TIME_TO_END = 5.0  # seconds that processes have to end after their workers have left


@frozen(kw_only=True)
class Launch:
    """What is to be started.

    Args:
        command: The words that start one worker.
        env: What its environment must have besides ours.
        options: Those of the launcher.
    """

    command: tuple[str, ...]
    env: Mapping[str, str]
    options: Mapping[str, object]


class LaunchedWorkers(StartedWorkers):
    """Processes that a launcher has started. They may outlive us.

    Args:
        launcher: What starts them.
        launch: What it is to start.
        logs: By the id of each, the file that takes what it prints.
        connection: The queue.
    Raises:
        InvalidArgument: If an option of the launcher is none.
        LaunchFailed: If the place does not start them.
    """

    def __init__(
        self, launcher: Launcher, launch: Launch, logs: Mapping[WorkerId, Path], connection: Connection
    ) -> None:
        super().__init__(logs)
        self._launcher = launcher
        self._connection = connection
        self._log = Path(launch.env[LAUNCH_LOG])
        self._before = self._known(logs)
        self._launched = launcher.launch(launch.command, len(logs), launch.env, launch.options)

    def alive(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Tell which are active. Of one without a heartbeat the store cannot tell that it died; the launcher may."""
        has_ended = self._launcher.has_ended(self._launched)
        try:
            active = self._connection.backend.workers.read(list(ids), ACTIVE)
        except Closed:
            if has_ended:
                return set()
            raise
        return {record.id for record in active if not has_ended or record.has_heartbeat}

    def come_up(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Tell which have left a trace in the store since they were started."""
        known = self._known(ids)
        return {id for id in known if known[id] != self._before.get(id)}

    def failed(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Tell which have no trace in the store although nothing runs any more."""
        missing = set(ids)
        return missing - self.come_up(missing) if self._launcher.has_ended(self._launched) else set()

    def have_ended(self) -> bool:
        """Tell what the launcher knows."""
        return self._launcher.has_ended(self._launched) is not False

    def printed_besides(self) -> Path | None:
        """Give the file that the launcher's own processes print to."""
        return self._log

    def ask_to_stop(self) -> None:
        """Ask by the launcher's means."""
        self._launcher.ask_to_stop(self._launched)

    def stop_now(self) -> None:
        """Stop by the launcher's means. Those who have just left have the time to end by themselves."""
        if not self._is_any_alive():
            self.ask_to_stop()  # so that nobody comes up meanwhile
            poll(self.have_ended, Deadline(_TIME_TO_END), 0.1)
        self._launcher.stop(self._launched)

    def _is_any_alive(self) -> bool:
        try:
            return bool(self.alive(self.logs))
        except RrqError:
            return True

    def _known(self, ids: Iterable[WorkerId]) -> dict[WorkerId, WorkerRecord]:
        found = self._connection.backend.workers.read(list(ids), frozenset(WorkerStatus))
        return {record.id: record for record in found}
