"""A worker of the harness: it does what a test calls, and its heart can stop."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rrq_core.client.controller import Controller
from rrq_core.client.worker import Worker
from rrq_core.ports import Backend
from rrq_core.testing.pulse import Pulses, SteppedBeater
from rrq_core.worker import WorkerLoop, WorkerSetup
from rrq_core.worker.beater.beating import terms_of


class SteppedWorker(Worker):
    """A `Worker` in a test's own thread, whose heart beats when the clock is moved on."""

    def __init__(self, queue: Controller, worker_id: str, name_config: str, pulses: Pulses) -> None:
        self._pulses = pulses
        self._beater: SteppedBeater | None = None
        super().__init__(queue.queue_id, name_config, worker_id, url=queue.url)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Have nothing heard of the worker inside the block, as if its process was stopped; it goes on after it.

        Move the clock on inside it, by more than three periods of its heartbeat, and it comes back as one who is lost.
        """
        with nullcontext() if self._beater is None else self._beater.held():
            yield

    def kill(self) -> None:
        """End as if its process was killed: nothing is heard of it any more, and it can do nothing more.

        Move the clock on by more than three periods of its heartbeat, 60 s as a rule, and it is found to be lost.
        """
        self._end.detach()
        loop, self._life.loop = self._life.loop, None
        if loop is not None:
            loop.close()
        self.controller.close()

    def _new_loop(self, backend: Backend, setup: WorkerSetup) -> WorkerLoop:
        period = setup.config.heartbeat_period
        self._beater = None if period is None else SteppedBeater(self._pulses, terms_of(period))
        return WorkerLoop(backend, setup, beater=self._beater)
