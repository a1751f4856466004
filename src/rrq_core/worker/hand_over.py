"""Between two tasks: how one ended is handed in, and what is next is taken, in one call to the store."""

from collections.abc import Callable

from rrq_core.errors import BackendError
from rrq_core.model.work import Finished, FinishReply, Session, Step, Take
from rrq_core.ports import Backend
from rrq_core.worker.journal import Journal
from rrq_core.worker.outage import PASSING
from rrq_core.worker.patience import Patience
from rrq_core.worker.run import failed


class HandOver:
    """Keeps the outcome of a task until the store has it.

    Args:
        backend: The queue.
        journal: Where it is printed what became of the outcome.
        patience: How to bear with a store that is away.
    """

    def __init__(self, backend: Backend, journal: Journal, patience: Patience) -> None:
        self._backend = backend
        self._journal = journal
        self._patience = patience
        self.outcome: Finished | None = None

    def step(self, session: Session, take: Callable[[], Take | None]) -> Step:
        """Hand in the outcome, if there is one, and take what is next.

        Args:
            session: The worker's registration.
            take: Gives what the worker would take at this moment; None: nothing.
        Raises:
            Fenced: If the session is over.
            BackendUnavailable, BackendFull: As `Patience.persist`.
            BackendError: If the store refuses for good, and not because of the outcome.
        """
        try:
            step = self._step(session, take)
        except PASSING:
            raise
        except BackendError as error:  # for good: the outcome is too large, say
            if self.outcome is None:
                raise
            self.outcome = failed(self.outcome.claim, self._backend.queue_id, error)
            step = self._step(session, take)
        self._show(step.finish)
        self.outcome = None
        return step

    def _step(self, session: Session, take: Callable[[], Take | None]) -> Step:
        return self._patience.persist(lambda: self._backend.queue.step(session, self.outcome, take()))

    def _show(self, reply: FinishReply) -> None:
        if self.outcome is not None:
            seen = reply in (FinishReply.OK, FinishReply.ALREADY)
            self._journal.show(f"TASK_{self.outcome.status if seen else reply}", self.outcome.claim.task)
