"""The life of one worker: register, take what is next, run it, hand in the outcome, sleep when there is nothing, leave.

A busy worker makes one call to the store for each task: `Queue.step` hands in the outcome of the last task and takes
the next. An idle one makes two: `Workers.wait`, then `Queue.step`.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from rrq_core.errors import BackendError, Fenced, QueueGone, RrqError
from rrq_core.model.ids import Hash
from rrq_core.model.queue_configuration import QueueConfiguration
from rrq_core.model.setting import QUEUE_CONFIGURATION
from rrq_core.model.status import WorkerStatus
from rrq_core.model.value import Buffer
from rrq_core.model.work import Finished, FinishReply, MessageIn, Session, Step, Take, Work
from rrq_core.model.worker import NewLogEntry, NewWorker
from rrq_core.payload.signing import keyring
from rrq_core.ports import Backend
from rrq_core.store import ValueCache, ValueStore
from rrq_core.worker.execution import Execution
from rrq_core.worker.info import worker_info
from rrq_core.worker.journal import Journal
from rrq_core.worker.line import one_line
from rrq_core.worker.message import Commands, read_request
from rrq_core.worker.outage import PASSING, growing_pauses, jittered
from rrq_core.worker.results import ResultPlacer
from rrq_core.worker.run import failed, needed_values, not_begun
from rrq_core.worker.setup import WorkerSetup
from rrq_core.worker.stop import StopRequest
from rrq_core.worker.timer import IdleTimer
from rrq_core.worker.upkeep import Upkeep

_SHORTEST_SLEEP = 0.05

_T = TypeVar("_T")


class WorkerLoop:
    """One worker of a queue. Made, it is registered; `run` does its work in the calling thread.

    Args:
        backend: The queue.
        setup: What this worker is.
        printer: What prints a line of its log, if its configuration says `verbose`.
    Raises:
        WorkerIdTaken: If a worker of this id is alive.
        QueueGone: If nobody has connected to this queue yet.
        OffloadError: If the queue's offload cannot be read or written from here.
        UnknownScheme: If no plugin serves the offload.
    """

    def __init__(self, backend: Backend, setup: WorkerSetup, *, printer: Callable[[str], None] | None = None) -> None:
        keyring()  # that a key is too short is said here, not by every task
        config, info = setup.config, worker_info(setup)
        self._backend = backend
        self._poll_queue = config.poll_queue
        self._take = Take(queues=config.queue)
        self._worker = NewWorker(
            id=setup.worker_id,
            queues=config.queue,
            info=info,
            process_log=setup.process_log,
            log_max=config.log_max,
        )
        self._journal = Journal(backend.workers, printer if config.verbose else None)
        self._execution = Execution(backend, config, self._journal)
        self._timer = IdleTimer(config.timeout_idle)
        self._values = self._value_store()
        self._results = ResultPlacer(backend.queue_id, self._values)
        self._upkeep = Upkeep(backend.queue, self._values, config.poll_queue)
        self._stop = StopRequest()
        self._commands = Commands(backend.queue_id, info, self._stop)
        self._finished: Finished | None = None
        self._news = self._greeting()
        self._is_fenced = False
        self._session = self._register()

    def run(self) -> None:
        """Work until a STOP message, the idle time-out or `request_stop`; then sign off.

        The store may go away meanwhile, for as long as it likes: outcomes are kept, and handed in when it is back.

        Raises:
            QueueGone: If the queue was destroyed.
            WorkerIdTaken: If another process has taken over this worker's id.
            BackendError: If the store refuses what a worker cannot do without.
        """
        try:
            while self._finished is not None or self._stop.reason is None:
                try:
                    self._turn()
                except Fenced:
                    self._finished, self._is_fenced = None, True
                except PASSING:
                    break  # it was tried for long enough, for who has nothing to hand in and is asked to stop
            self._sign_off(str(self._stop.reason))
        finally:
            self._execution.close()

    def request_stop(self, reason: str) -> None:
        """Ask the worker to finish its task, and then to leave. For signal handlers and other threads.

        An idle worker leaves at once if this is called by a signal handler in its own thread, else when it looks next.
        """
        self._stop.ask(reason)

    def abandon(self, reason: str) -> None:
        """Sign off now, as well as can be; `on_lost` decides on the task that runs, whose outcome nobody will take."""
        self._journal.show("STOP", f"ERROR ({reason})")
        with suppress(RrqError):
            self._backend.workers.leave(self._session, WorkerStatus.EXITED, one_line(reason))

    def _turn(self) -> None:
        """Hand in what is finished, take what is next, and see to it."""
        if self._is_fenced:
            self._register_again()
        if self._news:
            self._tell(*self._news)
            self._news = ()
        step = self._step()
        match step.work:
            case Work() as work:
                if self._stop.reason is None:  # else it was asked for in just this moment: leaving gives the task back
                    self._run(work)
            case MessageIn() as message:
                self._answer(message)
            case None:
                self._sleep(step.look_again)

    def _step(self) -> Step:
        try:
            step = self._persist(self._hand_in_and_take)
        except PASSING:
            raise
        except BackendError as error:  # for good: the outcome is too large, say
            if self._finished is None:
                raise
            self._finished = failed(self._finished.claim, self._backend.queue_id, error)
            step = self._persist(self._hand_in_and_take)
        self._show_finish(step.finish)
        self._finished = None
        return step

    def _hand_in_and_take(self) -> Step:
        return self._backend.queue.step(
            self._session, self._finished, self._take if self._stop.reason is None else None
        )

    def _run(self, work: Work) -> None:
        self._journal.show("TASK_START", work.claim.task)
        self._finished = self._outcome(work)
        if self._finished is not None and self._results.is_for_offload(self._finished):
            self._finished = self._persist(partial(self._results.place, work, self._finished))
        self._timer.restart()
        self._persist(self._execution.tell_rest)

    def _outcome(self, work: Work) -> Finished | None:
        queue_id = self._backend.queue_id
        try:
            work = needed_values(work, queue_id, self._get_values)
        except PASSING:
            raise
        except RrqError as error:
            return not_begun(work, queue_id, error)
        return self._execution.run(work)

    def _get_values(self, hashes: Sequence[Hash]) -> Sequence[Buffer | None]:
        return self._persist(lambda: self._values.get(hashes))

    def _show_finish(self, reply: FinishReply) -> None:
        if self._finished is not None:
            seen = reply in (FinishReply.OK, FinishReply.ALREADY)
            self._journal.show(f"TASK_{self._finished.status if seen else reply}", self._finished.claim.task)

    def _answer(self, message: MessageIn) -> None:
        """Answer a message. It is handed out until it is answered, so after a failure it may be seen to once more."""
        request = read_request(message.body, self._backend.queue_id)
        self._tell(NewLogEntry(command="MESSAGE", message=request.command))
        frame = self._commands.answer(request)
        self._tell(NewLogEntry(command="RESPONSE", message=request.command))
        self._persist(lambda: self._backend.messages.answer(self._session, message.id, frame))

    def _sleep(self, look_again: float | None) -> None:
        """Sleep until there may be something to do, unless there was nothing for too long."""
        remaining = self._timer.remaining()
        if remaining <= 0:
            self._stop.ask("TIMEOUT")
            return
        longest = min(jittered(self._poll_queue), remaining, math.inf if look_again is None else look_again)
        deaf_for = self._execution.deaf_for()
        timeout = max(min(longest, deaf_for) if deaf_for else longest, _SHORTEST_SLEEP)
        try:
            self._stop.sleep(lambda: self._backend.workers.wait(self._session, self._take.queues, timeout))
            self._upkeep.if_due()
        except PASSING:  # what would have woken us may be lost: pause, and look
            self._stop.pause(next(growing_pauses()))

    def _value_store(self) -> ValueStore:
        """Give the queue's values; its offload, if it has one, works from here."""
        stored = self._backend.settings.get(QUEUE_CONFIGURATION)
        if stored is None:
            raise QueueGone(self._backend.queue_id)
        values = ValueStore.of(
            self._backend.objects, self._backend.queue_id, QueueConfiguration.from_json(stored), ValueCache()
        )
        if values.space is not None:
            values.space.probe()
        return values

    def _register(self) -> Session:
        if self._backend.settings.get(QUEUE_CONFIGURATION) is None:
            raise QueueGone(self._backend.queue_id)
        return self._backend.workers.register(self._worker)

    def _register_again(self) -> None:
        """Come back after the session was ended by others: declared lost, or the queue was destroyed."""
        self._session = self._persist(self._register)
        self._is_fenced = False
        self._news = (NewLogEntry(command="LOST"), *self._greeting())

    def _greeting(self) -> tuple[NewLogEntry, ...]:
        return NewLogEntry(command="ALIVE"), NewLogEntry(command="QUEUE", message=" ".join(self._take.queues))

    def _sign_off(self, reason: str) -> None:
        """Leave, running nothing: a task that is held all the same was handed out in an answer that got lost."""
        self._persist(lambda: self._backend.workers.leave(self._session, WorkerStatus.EXITED, reason, idle=True))
        self._journal.show("STOP", f"OK ({reason})")

    def _tell(self, *entries: NewLogEntry) -> None:
        self._persist(lambda: self._journal.write(self._session, entries))

    def _persist(self, call: Callable[[], _T]) -> _T:
        """Call the store again and again while it is away or full.

        It gives up, and lets the error through, only when the worker is asked to stop and has nothing to hand in.
        """
        pauses = growing_pauses()
        while True:
            try:
                return call()
            except PASSING as error:
                if self._stop.reason is not None and self._finished is None:
                    raise
                self._journal.show("UNAVAILABLE", str(error))
                self._stop.pause(next(pauses))
