"""The end of workers that were started together: each finishes its task, however long that takes, and leaves."""

import math

from rrq_core.client.connection import Connection
from rrq_core.client.notice import notice
from rrq_core.client.seconds import Deadline, poll
from rrq_core.client.started import StartedWorkers
from rrq_core.client.stopping import worker_stop
from rrq_core.errors import RrqError
from rrq_core.model.ids import WorkerId

SAY_AFTER = 10.0  # seconds
_LONGEST_PAUSE = 0.1


class Ending:
    """Asks workers to leave, those too that come up late, and waits until none is alive: gone, or dead.

    They are asked by a message and, where the store does not take it, by the means of who started them.
    """

    def __init__(self, connection: Connection, started: StartedWorkers) -> None:
        self._connection = connection
        self._started = started
        self._asked: set[WorkerId] = set()
        self._left = list(started.logs)
        self._was_asked_besides = False

    def wait(self) -> None:
        """Wait for the end. After ten seconds it says once whom it waits for."""
        if not self.has_come_within(SAY_AFTER):
            notice(f"waiting for the tasks of {', '.join(self._left)} to end; Ctrl-C stops them now")
            self.has_come_within(math.inf)

    def has_come_within(self, seconds: float) -> bool:
        """Wait for the end, at most so long; whether it has come."""
        return poll(self._has_come, Deadline(seconds), _LONGEST_PAUSE)

    def _has_come(self) -> bool:
        try:
            alive = self._started.alive(self._started.logs)
            self._ask(alive - self._asked)
        except RrqError:  # the store is away, or its controller was closed
            self._ask_besides()
            return self._started.have_ended()
        self._left = sorted(alive)
        return not alive

    def _ask(self, workers: set[WorkerId]) -> None:
        if workers:
            worker_stop(workers, controller=self._connection)
            self._asked |= workers

    def _ask_besides(self) -> None:
        if not self._was_asked_besides:
            self._was_asked_besides = True
            self._started.ask_to_stop()
