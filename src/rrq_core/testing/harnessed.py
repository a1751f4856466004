"""A queue in memory whose workers run in the thread of the test, one task at a time, by a clock that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rrq_core.client.controller import Controller
from rrq_core.client.worker_configs import worker_config_save
from rrq_core.model.config import WorkerConfig
from rrq_core.testing.clock import Follower, ManualClock, clock_in_use, following_clock
from rrq_core.testing.faults import Faults
from rrq_core.testing.fresh_queue import fresh_queue
from rrq_core.testing.pulse import Pulses
from rrq_core.testing.stepped import SteppedWorker

_MANY_STEPS = 1000


class Harness(Follower):
    """A queue in memory, workers that a test steps by hand, and a clock that it moves on. Made by `harness`.

    Attributes:
        queue: A controller of the queue, which is the default one.
        clock: The time of the queue and its workers.
        faults: What goes wrong between this process and the queue, if the test says so.
    """

    def __init__(self, queue: Controller, clock: ManualClock, faults: Faults) -> None:
        self.queue = queue
        self.clock = clock
        self.faults = faults
        self._pulses = Pulses(queue.backend.heartbeat)
        self._workers: list[SteppedWorker] = []
        self._made = 0

    def worker(self, worker_id: str | None = None, config: WorkerConfig | None = None) -> SteppedWorker:
        """Make a worker, which does nothing but what the test calls.

        Args:
            worker_id: What it is called; None: worker_1, worker_2 …
            config: How it behaves, as `worker_config` makes it; None: the configuration localhost.
        Raises:
            WorkerIdTaken: If a worker of this id is alive.
        """
        self._made += 1
        name = f"worker_{self._made}" if worker_id is None else worker_id
        if config is not None:
            worker_config_save(name, config, controller=self.queue)
        worker = SteppedWorker(self.queue, name, "localhost" if config is None else name, self._pulses)
        self._workers.append(worker)
        return worker

    def step(self) -> bool:
        """Have the first worker see to one task or message; one is made where there is none.

        Returns:
            Whether there was anything to do.
        """
        return self._first().step(immediate=True)

    def run_all(self, limit: int = _MANY_STEPS) -> int:
        """Have the first worker see to all there is to do now, or until it is told to stop.

        What is due later waits for `clock.move`.

        Args:
            limit: How many steps are too many.
        Returns:
            How many tasks and messages there were.
        Raises:
            AssertionError: If there is no end of them.
        """
        worker = self._first()
        for done in range(limit):
            if not worker.is_registered or not worker.step(immediate=True):
                return done
        raise AssertionError(f"after {limit} steps there is still something to do: do tasks submit tasks for ever?")

    def shortest_period(self) -> float:
        """Give the seconds between two beats of the worker that beats most often."""
        return self._pulses.shortest_period()

    def follow(self) -> None:
        """Let the workers prove that they live."""
        self._pulses.beat()

    def restart(self) -> None:
        """Have every worker killed, and nothing go wrong any more, as after a crash of the process they live in."""
        self.faults.clear()
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def _first(self) -> SteppedWorker:
        living = [worker for worker in self._workers if worker.is_registered]
        return living[0] if living else self.worker()


@contextmanager
def harness(faults: Faults | None = None) -> Iterator[Harness]:
    """Give a queue in memory whose workers are stepped by hand. Its clock stands still until it is moved.

    Args:
        faults: What goes wrong between this process and the queue; None: nothing, until `.faults` says so.

    >>> with harness() as h:
    ...     task = h.queue.submit(pow, 2, 10)
    ...     h.step()
    ...     task.result()
    True
    1024
    """
    faults = Faults() if faults is None else faults
    running = clock_in_use()
    with ManualClock() if running is None else nullcontext(running) as clock, fresh_queue(faults) as queue:
        made = Harness(queue, clock, faults)
        try:
            with following_clock(made):
                yield made
        finally:
            made.restart()
