"""The port for workers: registration, sleep and wake, logs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from rrq_core.model.ids import QueueName, WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session
from rrq_core.model.worker import LogEntry, NewLogEntry, NewWorker, WorkerRecord


class Workers(ABC):
    """Workers of one queue id. Every call of a worker carries its session; the session of another is `Fenced`."""

    @abstractmethod
    def register(self, worker: NewWorker, token: str | None = None) -> Session:
        """Enter a worker under its id, IDLE, with a session of its own and, if it has a heartbeat, the first beat.

        One that exited, was lost, or whose heartbeat has lapsed is taken over: what it ran is settled first. Messages
        and signals that were left for it are dropped.

        Args:
            worker: What it is.
            token: That of the session, random and never used before; None: one is made. Who knows it beforehand can
                end the session however early the worker dies.
        Raises:
            WorkerIdTaken: If a worker of this id is alive (one without a heartbeat is, until it leaves).
        """

    @abstractmethod
    def wait(self, session: Session, queues: Sequence[QueueName], timeout: float) -> None:
        """Sleep until there may be work in one of these queues, or a message, at most `timeout` seconds.

        May return early, never late: who is woken calls `Queue.step` to see. No queues: wakes for messages only.
        """

    @abstractmethod
    def leave(self, session: Session, status: WorkerStatus, reason: str, idle: bool = False) -> bool:
        """Sign a worker off as EXITED or LOST; unanswered messages go. False if its session was over already.

        The same session leaving again is answered True again, and nothing changes.

        What it held is decided by the task's `on_lost`; with `idle` the worker says that it runs nothing, so what it
        holds goes back to the front of its queue, and the attempt is not counted. Whoever saw a worker's process end
        calls it for the worker, as LOST: the reason stays in the worker's log and with a task that has DIED.
        """

    @abstractmethod
    def read(self, workers: Sequence[WorkerId] | None, states: frozenset[WorkerStatus]) -> list[WorkerRecord]:
        """Look at workers that are in one of these states, all for None; unknown ones are left out."""

    @abstractmethod
    def forget(self, workers: Sequence[WorkerId], even_silent: bool = False) -> list[WorkerId]:
        """Delete all that is kept of workers that are EXITED or LOST; answer which were.

        With `even_silent` also active ones without a heartbeat, of which nobody can tell that they are gone. What they
        held is settled as for one that is lost.
        """

    @abstractmethod
    def log(self, session: Session, entries: Sequence[NewLogEntry]) -> None:
        """Add lines to the worker's log, with the store's time. The one call that may show twice when repeated.

        Raises:
            Fenced: If the session is over.
        """

    @abstractmethod
    def log_tail(self, workers: Sequence[WorkerId], n: int | None) -> list[LogEntry]:
        """Read the last `n` lines of each log (None: all), oldest first, worker by worker."""

    @abstractmethod
    def time(self) -> float:
        """Read the store's clock, in unix seconds."""
