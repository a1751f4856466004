"""A worker in a thread of this process, for queues that no other process can reach."""

import atexit
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from weakref import WeakSet

from rrq_core.client.commands import Order
from rrq_core.client.sending import send_message
from rrq_core.errors import RrqError
from rrq_core.model.ids import QueueId, WorkerId
from rrq_core.plugins import open_backend
from rrq_core.worker import WorkerLoop, WorkerSetup
from rrq_core.worker.beater.beating import terms_of
from rrq_core.worker.beater.thread import ThreadBeater

_AT_EXIT = 2.0  # seconds for all of them together

_running: "WeakSet[ThreadWorker]" = WeakSet()


class ThreadWorker:
    """A worker's loop in a daemon thread. Made, it is registered.

    `log` is the file that takes what it prints; `place` its URL, queue and id.
    """

    def __init__(self, setup: WorkerSetup, log: Path) -> None:
        self.id = setup.worker_id
        self.log = log
        self._output = log.open("a", encoding="utf-8", buffering=1)
        self._backend = open_backend(setup.url, setup.queue_id)
        self.place = self._backend.url, setup.queue_id, setup.worker_id
        period = setup.config.heartbeat_period
        self._beater = None if period is None else ThreadBeater(self._backend, terms_of(period))
        try:
            self._loop = WorkerLoop(self._backend, setup, printer=self._print, beater=self._beater)
        except BaseException:
            self._close()
            raise
        self._thread = threading.Thread(target=self._run, name=f"rrq-worker-{self.id}", daemon=True)
        self._thread.start()
        _running.add(self)

    def _print(self, line: str) -> None:
        self._output.write(f"{line}\n")

    def _run(self) -> None:
        try:
            self._loop.run()
        except Exception:
            traceback.print_exc(file=self._output)
        finally:
            self._close()

    def _close(self) -> None:
        if self._beater is not None:
            self._beater.close()
        self._backend.close()
        self._output.close()

    @property
    def is_running(self) -> bool:
        """Whether the thread has not ended."""
        return self._thread.is_alive()

    def frames(self) -> Mapping[int, FrameType]:
        """Give what the thread is doing at this moment; nothing if it has ended."""
        return {ident: frame for ident, frame in sys._current_frames().items() if ident == self._thread.ident}

    def show_stack_of_child(self) -> None:
        """Have the stack of the task's own process, if one runs, written into the worker's log."""
        self._loop.show_stack_of_child()

    def wait(self, timeout: float) -> bool:
        """Wait until the thread has ended, at most `timeout` seconds; whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def ask_to_stop(self) -> None:
        """Ask the loop to finish its task and leave, and wake it if it sleeps."""
        self._loop.request_stop("asked to stop")
        with suppress(RrqError):  # it has left, or its queue was destroyed
            send_message(self._backend, Order.checked(self._backend.queue_id, "STOP"), [self.id])


def running_thread_worker(url: str, queue_id: QueueId, id: WorkerId) -> ThreadWorker | None:
    """Find a worker that is a thread of this process, which has not ended."""
    wanted = (url, queue_id, id)
    return next((worker for worker in list(_running) if worker.is_running and worker.place == wanted), None)


def _stop_all() -> None:
    """Let no thread be at work when the interpreter is taken down."""
    workers = [worker for worker in list(_running) if worker.is_running]
    for worker in workers:
        worker.ask_to_stop()
    until = time.monotonic() + _AT_EXIT
    for worker in workers:
        worker.wait(max(0.0, until - time.monotonic()))


atexit.register(_stop_all)
