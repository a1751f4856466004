"""The life of one worker: register, take what is next, run it, hand in the outcome, sleep when there is nothing, leave.

A busy worker makes one call to the store for each task: `Queue.step` hands in the outcome of the last task and takes
the next. An idle one makes two: `Workers.wait`, then `Queue.step`.
"""

from collections.abc import Callable
from contextlib import suppress

from rrq_core.errors import Fenced, InvalidArgument, RrqError
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import MessageId, TaskId
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.work import MessageIn, Session, Work
from rrq_core.model.worker import NewLogEntry, WorkerInfo
from rrq_core.ports import Backend
from rrq_core.worker.answering import Answering
from rrq_core.worker.beater.link import Beater
from rrq_core.worker.commands import Commands, Tools
from rrq_core.worker.duty import Duty
from rrq_core.worker.environment import Environment
from rrq_core.worker.execution import Execution
from rrq_core.worker.hand_over import HandOver
from rrq_core.worker.intake import Intake
from rrq_core.worker.journal import Journal
from rrq_core.worker.outage import PASSING
from rrq_core.worker.patience import Patience
from rrq_core.worker.presence import Presence
from rrq_core.worker.registration import Registration
from rrq_core.worker.rest import Rest
from rrq_core.worker.results import ResultPlacer
from rrq_core.worker.setup import WorkerSetup
from rrq_core.worker.standing import status_of
from rrq_core.worker.stop import StopRequest
from rrq_core.worker.timer import IdleTimer
from rrq_core.worker.upkeep import Upkeep
from rrq_core.worker.values import values_of


class WorkerLoop:
    """One worker of a queue. Made, it is registered; `run` does its work in the calling thread.

    Who drives it by hand calls `step`, or `poll` and then `step`, and at the end `sign_off`. Any thread may call
    `show_stack_of_child`, which has the stack of the process that a task has for itself written into the log.

    Args:
        backend: The queue.
        setup: What this worker is.
        printer: What prints a line of its log, if its configuration says `verbose`.
        beater: What beats for it; None: it has no heartbeat.
    Raises:
        WorkerIdTaken: If a worker of this id is alive.
        QueueGone: If nobody has connected to this queue yet.
        OffloadError: If the queue's offload cannot be read or written from here.
        UnknownScheme: If no plugin serves the offload.
        InvalidArgument: If its directory of logs cannot be written.
    """

    def __init__(
        self,
        backend: Backend,
        setup: WorkerSetup,
        *,
        printer: Callable[[str], None] | None = None,
        beater: Beater | None = None,
    ) -> None:
        self._backend = backend
        config = setup.config
        self._stop = StopRequest()
        self._timer = IdleTimer(config.timeout_idle)
        self._duty = Duty(config.queue)
        self._journal = Journal(backend.workers, printer if config.verbose else None)
        patience = Patience(self._stop, self._journal, lambda: self._hand_over.outcome is not None)
        self._persist = patience.persist
        values = values_of(backend)
        self._hand_over = HandOver(backend, self._journal, patience, ResultPlacer(backend.queue_id, values))
        self._environment = Environment(backend.settings, backend.queue_id, self.log, owns_process=backend.shared)
        self._execution = Execution(backend, config, self._journal, self._environment, values, patience)
        upkeep = Upkeep(backend.queue, values, config.poll_queue)
        rest = Rest(self._stop, self._timer, upkeep, config.poll_queue, self._execution.deaf_for)
        self._intake = Intake(backend, self._hand_over, self._duty, rest, self._stop)
        commands = Commands(self._tools(config))
        self._answering = Answering(setup, commands, self.log, self._deliver)
        self._claimed: Work | MessageIn | None = None
        self.show_stack_of_child = self._execution.show_stack_of_child
        self._registration = Registration(backend, setup, beater, self.show_stack_of_child)
        self._presence = Presence(setup, self._registration, self._environment, patience, self._journal)

    @property
    def session(self) -> Session:
        """The worker's registration, a new one after it was declared lost."""
        return self._registration.session

    @property
    def info(self) -> WorkerInfo:
        """What the worker tells of itself."""
        return self._registration.info

    @property
    def stop_reason(self) -> str | None:
        """Why the worker is to stop, None while it is not."""
        return self._stop.reason

    def run(self, immediate: bool = False, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Work until a STOP message, the idle time-out or `request_stop`; then sign off.

        The store may go away meanwhile, for as long as it likes: outcomes are kept, and handed in when it is back.

        Args:
            immediate: Whether to leave off, without signing off, as soon as there is nothing to do.
            is_enough: Tells, after each task, whether to leave off.
        Raises:
            QueueGone: If the queue was destroyed.
            WorkerIdTaken: If another process has taken over this worker's id.
            WorkerLost: If it was declared lost, and its setup says `exit_when_lost`.
            BackendError: If the store refuses what a worker cannot do without.
        """
        try:
            while self._hand_over.outcome is not None or self._stop.reason is None:
                try:
                    had_something = self._turn(immediate)
                except PASSING:
                    break  # it was tried for long enough, for who has nothing to hand in and is asked to stop
                if (immediate and not had_something) or is_enough():
                    return self._hand_in()
            self.sign_off(str(self._stop.reason))
        except KeyboardInterrupt:  # of who drives it, and may go on
            raise
        except BaseException:
            self.close()
            raise

    def step(self, immediate: bool = False) -> bool:
        """Take what is next, see to it, and hand in the outcome.

        Args:
            immediate: Whether not to sleep where there is nothing.
        Returns:
            Whether there was something.
        Raises:
            RrqError: As `run`.
        """
        had_something = self._turn(immediate)
        self._hand_in()
        return had_something

    def poll(self, immediate: bool = False) -> Work | MessageIn | None:
        """Claim what is next; the next `step` sees to it. What was claimed before is given again.

        Args:
            immediate: Whether not to sleep where there is nothing.
        Raises:
            RrqError: As `run`.
        """
        if self._claimed is None:
            try:
                self._claimed = self._next(immediate)
            except Fenced:
                self._drop()
        return self._claimed

    def eval(self, task: TaskId) -> TaskStatus:
        """Claim a PENDING task and run it; its outcome is recorded.

        Returns:
            The status that it has then.
        Raises:
            InvalidArgument: If it is not PENDING, or something else was claimed and waits for `step`.
            TaskNotFound: If there is no such task.
            Fenced: If the worker was declared lost meanwhile.
        """
        try:
            self._run(self._wanted(task))
            self._hand_in()
        except Fenced:
            self._drop()
            raise
        return self._persist(lambda: status_of(task, self._backend))

    def load_environment(self) -> None:
        """Make the environment of this worker, as it is set for its queue now."""
        self._presence.load_environment()

    def restart_timer(self) -> None:
        """Count from now on how long the worker is idle."""
        self._timer.restart()

    def log(self, *entries: NewLogEntry) -> None:
        """Write lines of the worker's log.

        Raises:
            Fenced: If the session is over.
        """
        if entries:
            self._persist(lambda: self._journal.write(self.session, entries))

    def request_stop(self, reason: str) -> None:
        """Ask the worker to finish its task, and then to leave. For signal handlers and other threads.

        An idle worker leaves at once if this is called by a signal handler in its own thread, else when it looks next.
        """
        self._stop.ask(reason)

    def sign_off(self, reason: str) -> None:
        """Leave, running nothing: a task that is held all the same was not begun, and is given back."""
        try:
            with suppress(Fenced):
                self.log(*self._registration.parting())
            self._registration.stop_beating()
            self._persist(lambda: self._registration.leave(reason, idle=True))
            self._journal.show("STOP", f"OK ({reason})")
        finally:
            self.close()

    def close(self) -> None:
        """End what was started here for the worker, without a word to the store."""
        self._registration.stop_beating()
        self._execution.close()

    def abandon(self, reason: str) -> None:
        """Sign off now, as well as can be; `on_lost` decides on the task that runs, whose outcome nobody will take."""
        self._journal.show("STOP", f"ERROR ({reason})")
        self._registration.stop_beating()
        with suppress(RrqError):
            self._registration.leave(reason, idle=False)

    def _turn(self, immediate: bool) -> bool:
        """See to what is next; whether there was anything."""
        work = self.poll(immediate)
        if work is None:
            return self._presence.is_lost
        self._claimed = None
        try:
            self._see_to(work)
        except Fenced:
            self._drop()
        return True

    def _next(self, immediate: bool) -> Work | MessageIn | None:
        self._presence.ensure(self.log)
        return self._intake.next(self.session, immediate)

    def _hand_in(self) -> None:
        try:
            self._intake.hand_in(self.session)
        except Fenced:
            self._drop()

    def _see_to(self, work: Work | MessageIn) -> None:
        if isinstance(work, MessageIn):
            self._answering.see_to(work)
        elif self._stop.reason is None:  # else it was asked for in just this moment: leaving gives the task back
            self._run(work)

    def _run(self, work: Work) -> None:
        self._journal.show("TASK_START", work.claim.task)
        self._hand_over.keep(work, self._execution.run(work))
        self._timer.restart()
        self._persist(self._execution.tell_rest)

    def _wanted(self, task: TaskId) -> Work:
        """Claim one task; messages come before it."""
        while self._claimed is None:
            self._presence.ensure(self.log)
            found = self._intake.one(self.session, task)
            if isinstance(found, MessageIn):
                self._answering.see_to(found)
            elif found is None:
                standing = self._persist(lambda: status_of(task, self._backend))
                raise InvalidArgument(f"task {task} is {standing}: only a task that is PENDING can be run")
            elif found.claim.task == task:
                return found
            else:
                self._claimed = found
        raise InvalidArgument("something was claimed before, by poll(): call step(), which sees to it, and try again")

    def _drop(self) -> None:
        """Forget what the session had: it is over, and others decide on its task."""
        self._claimed = None
        self._intake.clear()
        self._presence.lose()

    def _refresh(self) -> None:
        self._persist(self._environment.refresh)
        self._execution.refresh()

    def _deliver(self, message: MessageId, frame: bytes, status: WorkerStatus | None) -> None:
        self._persist(lambda: self._backend.messages.answer(self.session, message, frame, status))

    def _tools(self, config: WorkerConfig) -> Tools:
        return Tools(
            config=config,
            tell_info=lambda: self.info,
            log=self.log,
            refresh=self._refresh,
            environment=self._environment,
            stop=self._stop,
            timer=self._timer,
            duty=self._duty,
        )
