"""Workers in threads of this process, as a whole."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rrq_core.client.started import StartedWorkers
from rrq_core.client.thread_worker import ThreadWorker
from rrq_core.model.ids import WorkerId
from rrq_core.worker import WorkerSetup


class ThreadWorkers(StartedWorkers):
    """Some threads, each a worker. Made, all are registered.

    Raises:
        WorkerIdTaken: If a worker of such an id is alive. All that were started are asked to stop.
    """

    def __init__(self, setups: Sequence[WorkerSetup]) -> None:
        super().__init__({setup.worker_id: Path(str(setup.process_log)) for setup in setups})
        self._threads: dict[WorkerId, ThreadWorker] = {}
        try:
            for setup in setups:
                self._threads[setup.worker_id] = ThreadWorker(setup, self.logs[setup.worker_id])
        except BaseException:
            self.ask_to_stop()
            raise

    def alive(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Tell which threads have not ended."""
        return {id for id in ids if self._threads[id].is_running}

    def come_up(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Give them all: a thread is started when its worker is registered."""
        return set(ids)

    def failed(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        """Give none."""
        return set()

    def have_ended(self) -> bool:
        """Tell whether all threads have ended."""
        return not self.alive(self._threads)

    def printed_besides(self) -> Path | None:
        """Give none: nothing is printed before there are logs."""
        return None

    def ask_to_stop(self) -> None:
        """Ask the loops to finish their tasks and leave."""
        for thread in self._threads.values():
            if thread.is_running:
                thread.ask_to_stop()

    def stop_now(self) -> None:
        """Ask the loops to leave: a thread cannot be ended in the middle of a task, it ends with the process."""
        self.ask_to_stop()
