"""The handle of workers that were started together."""

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from rrq_core.client.connection import Connection
from rrq_core.client.notice import notice
from rrq_core.client.progress import ProgressBar
from rrq_core.client.seconds import Deadline, poll
from rrq_core.client.started import StartedWorker
from rrq_core.client.stopping import worker_stop
from rrq_core.client.worker_logs import read_lines
from rrq_core.client.workers import ACTIVE
from rrq_core.errors import InvalidArgument, RrqError, WorkerNotFound, WorkerTimeout
from rrq_core.model.ids import WorkerId

GRACE = 5.0  # seconds that workers have for their tasks when a block ends by an error
SAY_AFTER = 10.0
LAST_LINES = 10

Which = str | int | Iterable[str | int]


class WorkerManager:
    """Workers that `worker_spawn` has started. Each method takes ids, or positions in `.id` from 0; None means all.

    As a context manager it stops its workers at the end of its block and waits for their tasks. If the block ends by an
    error, tasks have five seconds; what runs in a process is then stopped.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._workers: dict[WorkerId, StartedWorker] = {}

    def __repr__(self) -> str:
        return f"<WorkerManager of {', '.join(self._workers)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._ask_to_stop()
            if error is None:
                self._wait_for_end()
            else:
                deadline = Deadline(GRACE)
                poll(lambda: not self._running(), deadline, 0.1)
        finally:
            self.stop_now()

    @property
    def id(self) -> list[str]:
        """The ids of the workers."""
        return list(self._workers)

    def add(self, worker: StartedWorker) -> None:
        """Look after one more worker."""
        self._workers[worker.id] = worker

    def wait_alive(self, timeout: float = 600, time_poll: float = 0.2, progress: bool | None = None) -> None:
        """Wait until all workers have come up.

        Args:
            timeout: Seconds.
            time_poll: Seconds between two looks.
            progress: Whether to show a bar; None: as `worker_spawn`.
        Raises:
            WorkerTimeout: If one has not come up in time, or has failed; it shows the end of its log.
        """
        missing = set(self._workers)
        deadline = Deadline(timeout)
        with ProgressBar(len(missing), "workers", progress) as bar:

            def all_there() -> bool:
                found = {record.id for record in self._connection.backend.workers.read(list(missing), ACTIVE)}
                for id in missing - found:
                    self._check_not_failed(id)
                found |= {id for id in missing if not self._workers[id].is_running}  # it was idle, and has left
                bar.advance(len(found))
                missing.difference_update(found)
                return not missing

            if not poll(all_there, deadline, time_poll):
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
        """Stop workers; see `worker_stop`."""
        chosen = [worker.id for worker in self._chosen(ids)]
        known = self._connection.backend.workers.read(chosen, ACTIVE)
        if not known:
            return []
        return worker_stop(
            [record.id for record in known], type, timeout, time_poll, progress, controller=self._connection
        )

    def is_alive(self, ids: Which | None = None) -> dict[str, bool]:
        """Tell of each worker whether its process, or its thread, is running."""
        return {worker.id: worker.is_running for worker in self._chosen(ids)}

    def logs(self, id: str | int) -> list[str]:
        """Read what a worker has printed, line by line.

        Raises:
            LogMissing: If it cannot be read.
        """
        (worker,) = self._chosen(id)
        return read_lines(worker.log, worker.id)

    def stop_now(self) -> None:
        """Stop all that runs in processes, in the middle of their tasks."""
        for worker in self._running():
            worker.ask_to_stop()
        for worker in self._running():
            worker.stop_now()

    def _running(self) -> list[StartedWorker]:
        return [worker for worker in self._workers.values() if worker.is_running]

    def _ask_to_stop(self) -> None:
        """Send the message to stop; where that cannot be, the signal."""
        try:
            self.stop()
        except RrqError:
            for worker in self._running():
                worker.ask_to_stop()

    def _wait_for_end(self) -> None:
        if not poll(lambda: not self._running(), Deadline(SAY_AFTER), 0.1):
            busy = ", ".join(worker.id for worker in self._running())
            notice(f"waiting for the tasks of {busy} to end; Ctrl-C stops them now")
            poll(lambda: not self._running(), Deadline(math.inf), 0.1)

    def _chosen(self, ids: Which | None) -> Sequence[StartedWorker]:
        if ids is None:
            return list(self._workers.values())
        if isinstance(ids, str | int):
            return [self._find(ids)]
        return [self._find(id) for id in ids]

    def _find(self, id: object) -> StartedWorker:
        if isinstance(id, int) and not isinstance(id, bool):
            if not -len(self._workers) <= id < len(self._workers):
                raise InvalidArgument(f"there is no worker at position {id}: there are {len(self._workers)}, from 0")
            return list(self._workers.values())[id]
        if id not in self._workers:
            raise WorkerNotFound(f"no worker here is called {id!r}; there are: {', '.join(self._workers)}")
        return self._workers[WorkerId(str(id))]

    def _check_not_failed(self, id: WorkerId) -> None:
        if self._workers[id].has_failed:
            raise WorkerTimeout(f"worker {id!r} failed before it came up{self._end_of_log(id)}")

    def _end_of_log(self, id: WorkerId) -> str:
        with suppress(RrqError):
            lines = self.logs(id)[-LAST_LINES:]
            return f"; the end of the log of {id!r}:\n" + "\n".join(lines) if lines else f"; {id!r} has printed nothing"
        return ""
