"""Where a worker's work comes from: a look at the store, a sleep where there is nothing, and another look."""

from collections.abc import Callable
from functools import partial

from attrs import evolve

from rrq_core.model.ids import TaskId
from rrq_core.model.work import MessageIn, Session, Take, Work
from rrq_core.ports import Backend
from rrq_core.ports.clock import process_clock
from rrq_core.worker.duty import Duty
from rrq_core.worker.hand_over import HandOver
from rrq_core.worker.rest import Rest
from rrq_core.worker.stop import StopRequest
from rrq_core.worker.walltime import Walltime


class Intake:
    """Takes what is next, unless the time of the worker's job is nearly up. Each look hands the last outcome in.

    Args:
        backend: The queue.
        hand_over: What asks it.
        duty: What the worker would take.
        rest: How it sleeps.
        stop: The request to stop, after which nothing is taken.
    """

    def __init__(self, backend: Backend, hand_over: HandOver, duty: Duty, rest: Rest, stop: StopRequest) -> None:
        self._workers = backend.workers
        self._hand_over = hand_over
        self._duty = duty
        self._rest = rest
        self._stop = stop
        self._walltime = Walltime.of_this_job()
        self._began = 0.0
        self.clear()

    def next(self, session: Session, immediate: bool) -> Work | MessageIn | None:
        """Look for something to do; where there is nothing, sleep once and look again, unless `immediate`."""
        if immediate or not self._found_nothing:
            work = self._look(session, self._to_take)
            if work is not None or immediate or self._stop.reason is not None:
                return work
        if self._stop.reason is None:
            self._rest.sleep(partial(self._workers.wait, session, self._duty.take.queues), self._look_again)
        return self._look(session, self._to_take) if self._stop.reason is None else None

    def one(self, session: Session, task: TaskId) -> Work | MessageIn | None:
        """Look for one task; a message, and what is held already, come before it."""
        return self._look(session, lambda: evolve(self._duty.take, queues=(), task=task))

    def hand_in(self, session: Session) -> None:
        """Hand the outcome in, if there is one, and take nothing."""
        if self._hand_over.outcome is not None:
            self._look(session, lambda: None)

    def clear(self) -> None:
        """Forget what the last look has found, and the outcome: the session is over."""
        self._hand_over.outcome = None
        self._found_nothing = False
        self._look_again: float | None = None

    def _look(self, session: Session, take: Callable[[], Take | None]) -> Work | MessageIn | None:
        if self._hand_over.outcome is not None:
            self._walltime.note(process_clock.monotonic() - self._began)
        step = self._hand_over.step(session, take)
        self._began = process_clock.monotonic()
        self._found_nothing, self._look_again = step.work is None, step.look_again
        return step.work

    def _to_take(self) -> Take | None:
        if self._walltime.is_short():
            self._stop.ask("WALLTIME")
        return self._duty.take if self._stop.reason is None else None
