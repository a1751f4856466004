"""A worker that is there: registered, known by the first lines of its log, in its environment; again if it was lost."""

from collections.abc import Sequence

from rrq_core.errors import WorkerLost
from rrq_core.model.worker import NewLogEntry
from rrq_core.worker.environment import Environment
from rrq_core.worker.journal import Journal, WriteLog
from rrq_core.worker.patience import Patience
from rrq_core.worker.registration import Registration
from rrq_core.worker.setup import WorkerSetup


class Presence:
    """Brings a worker back as often as it is declared lost.

    Args:
        setup: What the worker is.
        registration: Its place in the queue.
        environment: What its tasks find; it is made once, also for a worker that comes back.
        patience: How to bear with a store that is away.
        journal: Where it is printed that the worker ends since it was lost.
    """

    def __init__(
        self,
        setup: WorkerSetup,
        registration: Registration,
        environment: Environment,
        patience: Patience,
        journal: Journal,
    ) -> None:
        self._setup = setup
        self._registration = registration
        self._environment = environment
        self._persist = patience.persist
        self._journal = journal
        self._is_greeted = self._has_environment = False
        self.is_lost = False

    def ensure(self, log: WriteLog) -> None:
        """Be there.

        Args:
            log: Writes lines of the worker's log.
        Raises:
            Fenced: If the session is over.
            WorkerIdTaken, QueueGone: If the worker cannot come back.
        """
        if self.is_lost:
            self._persist(self._registration.renew)
            self.is_lost = self._is_greeted = False
        if not self._is_greeted:
            self._greet(log)
            self._is_greeted = True
        self._registration.check()

    def _greet(self, log: WriteLog) -> None:
        greeting = self._registration.greeting()
        queues = NewLogEntry(command="QUEUE", message=" ".join(self._setup.config.queue))
        if self._has_environment:
            log(*greeting, queues)
        else:
            self.load_environment(greeting, [queues])

    def load_environment(self, before: Sequence[NewLogEntry] = (), after: Sequence[NewLogEntry] = ()) -> None:
        """Make the environment, as it is set for the queue now; see `Environment.load`."""
        self._persist(lambda: self._environment.load(before, after))
        self._has_environment = True

    def lose(self) -> None:
        """Take note that the session is over.

        Raises:
            WorkerLost: If the worker is not to come back.
        """
        self.is_lost = True
        if self._setup.exit_when_lost:
            self._journal.show("LOST", "")
            raise WorkerLost(self._setup.worker_id)
