"""The handle of workers that were started together."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from rrq_core.client.connection import Connection
from rrq_core.client.ending import Ending
from rrq_core.client.progress import ProgressBar
from rrq_core.client.seconds import Deadline, checked_period, checked_seconds, poll
from rrq_core.client.started import StartedWorkers
from rrq_core.client.stopping import worker_stop
from rrq_core.client.worker_logs import read_lines
from rrq_core.errors import InvalidArgument, WorkerNotFound, WorkerTimeout
from rrq_core.model.ids import WorkerId
from rrq_core.model.status import WorkerStatus

GRACE = 5.0  # seconds that workers have for their tasks when a block ends by an error
LAST_LINES = 10

Which = str | int | Iterable[str | int]


class WorkerManager:
    """Workers that `worker_spawn` has started. Each method takes ids, or positions in `.id` from 0; None means all.

    As a context manager it stops its workers at the end of its block and waits for their tasks. If the block ends by an
    error, tasks have five seconds; what runs in a process is then stopped.
    """

    def __init__(self, connection: Connection, started: StartedWorkers) -> None:
        self._connection = connection
        self._started = started

    def __repr__(self) -> str:
        return f"<WorkerManager of {', '.join(self.id)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            ending = Ending(self._connection, self._started)
            if error is None:
                ending.wait()
            else:
                ending.has_come_within(GRACE)
        finally:
            self.stop_now()

    @property
    def id(self) -> list[str]:
        """The ids of the workers."""
        return list(self._started.logs)

    def wait_alive(self, timeout: float = 600, time_poll: float = 0.2, progress: bool | None = None) -> None:
        """Wait until all workers have come up.

        Args:
            timeout: Seconds.
            time_poll: Seconds between two looks.
            progress: Whether to show a bar; None: as `worker_spawn`.
        Raises:
            WorkerTimeout: If one has not come up in time, or has failed; it shows the end of its log.
        """
        missing = set(self._started.logs)
        deadline = Deadline(checked_seconds(timeout, "timeout"))
        period = checked_period(time_poll, "time_poll")
        with ProgressBar(len(missing), "workers", progress) as bar:

            def all_there() -> bool:
                found = self._started.come_up(missing)
                missing.difference_update(found)
                bar.advance(len(found))
                self._check_not_failed(missing)
                return not missing

            if not poll(all_there, deadline, period):
                named = ", ".join(sorted(missing))
                raise WorkerTimeout(f"not up after {timeout:g} s: {named}{self._end_of_log(min(missing))}")

    def stop(
        self,
        ids: Which | None = None,
        type: str = "message",
        timeout: float = 0,
        time_poll: float = 0.1,
        progress: bool | None = None,
    ) -> list[str]:
        """Stop workers; see `worker_stop`. Those that have not come up yet are passed over."""
        known = self._connection.backend.workers.read(self._chosen(ids), frozenset(WorkerStatus))
        if not known:
            return []
        return worker_stop(
            [record.id for record in known], type, timeout, time_poll, progress, controller=self._connection
        )

    def kill(self, ids: Which | None = None) -> list[str]:
        """Kill workers in the middle of their tasks, through their heartbeats; `on_lost` decides on the tasks.

        Raises:
            InvalidArgument: If one has no heartbeat, or is a thread of a memory:// queue.
        """
        return self.stop(ids, "kill")

    def is_alive(self, ids: Which | None = None) -> dict[str, bool]:
        """Tell of each worker whether it is up and has not ended."""
        chosen = self._chosen(ids)
        alive = self._started.alive(chosen)
        return {id: id in alive for id in chosen}

    def logs(self, id: str | int) -> list[str]:
        """Read what a worker has printed, line by line.

        Raises:
            LogMissing: If it cannot be read.
        """
        worker = self._find(id)
        return read_lines(self._started.logs[worker], worker)

    def stop_now(self) -> None:
        """Stop all that runs in processes, in the middle of their tasks."""
        self._started.stop_now()

    def _chosen(self, ids: Which | None) -> list[WorkerId]:
        if ids is None:
            return list(self._started.logs)
        if isinstance(ids, str | int):
            return [self._find(ids)]
        if not isinstance(ids, Iterable):
            raise InvalidArgument(f"workers are named by ids, or positions from 0, not by {ids!r:.60}")
        return [self._find(id) for id in ids]

    def _find(self, id: object) -> WorkerId:
        own = list(self._started.logs)
        if isinstance(id, int) and not isinstance(id, bool):
            if not -len(own) <= id < len(own):
                raise InvalidArgument(f"there is no worker at position {id}: there are {len(own)}, from 0")
            return own[id]
        if id not in own:
            raise WorkerNotFound(f"no worker here is called {id!r}; there are: {', '.join(own)}")
        return WorkerId(str(id))

    def _check_not_failed(self, missing: set[WorkerId]) -> None:
        failed = self._started.failed(missing)
        if failed:
            first = min(failed, key=lambda id: (not end_of_log(self._started.logs[id]), id))  # who says something
            raise WorkerTimeout(f"worker {first!r} failed before it came up{self._end_of_log(first)}")

    def _end_of_log(self, id: WorkerId) -> str:
        lines = end_of_log(self._started.logs[id]) or end_of_log(self._started.printed_besides())
        return f"; the end of the log of {id!r}:\n" + "\n".join(lines) if lines else f"; {id!r} has printed nothing"


def end_of_log(path: Path | None) -> list[str]:
    """Read the last lines of a log; none if it cannot be read."""
    with suppress(OSError):
        return [] if path is None else path.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return []
