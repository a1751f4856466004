"""What workers do with tasks of the reference backend."""

import math

from rrq_core.errors import ObjectMissing
from rrq_core.model.ids import Hash, Tag, TaskId
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import Standing, TaskChange, Told
from rrq_core.model.value import NewValue
from rrq_core.model.work import Claim, Finished, FinishReply, MessageIn, Session, Step, Take, Work
from tests.contract.reference.recovery import BETWEEN_RUNS, SHORT_ABSENCE
from tests.contract.reference.server import Server, Task, Worker, atomic
from tests.contract.reference.transitions import Transitions, checkpoint_tag

TRAVELLING = 65_536


class Stepping:
    """The part of the queue by which workers finish and take."""

    moves: Transitions
    server: Server

    @atomic
    def step(self, session: Session, finished: Finished | None = None, take: Take | None = None) -> Step:
        worker = self.moves.worker_of(session)
        worker.is_poked = False
        reply = FinishReply.NONE if finished is None else self._finish(worker, finished)
        if take is None:
            worker.status = WorkerStatus.IDLE if worker.task is None else WorkerStatus.BUSY
            return Step(finish=reply, work=None)
        work = self._held(worker, session) or self._message(worker) or self._next(worker, session, take)
        if not isinstance(work, Work):
            worker.status = take.idle_status
        return Step(finish=reply, work=work, look_again=None if work else self._look_again())

    def _finish(self, worker: Worker, finished: Finished) -> FinishReply:
        task = self.moves.space.tasks.get(finished.claim.task)
        if task is None or not self.moves.holds(finished.claim):
            return FinishReply.REFUSED if task is None else self._seen(task, finished.claim)
        if isinstance(finished.result, str) and not self.moves.shelf.has(finished.result):
            raise ObjectMissing([finished.result])
        is_wanted = not task.is_asked_to_stop and task.errors < task.new.retries
        self.moves.let_go(worker, task)
        self.moves.end_attempt(task, finished.status, finished.note)
        task.log = finished.log
        if finished.status is TaskStatus.ERROR and finished.retry_in is not None and is_wanted:
            task.errors += 1
            self.moves.log(worker, "TASK_RETRY", task.id)
            self.moves.try_again(task, finished.retry_in)
            return FinishReply.RETRY
        if finished.result is not None:
            task.result = self.moves.keep(Tag(task.id), finished.result)
        self.moves.log(worker, f"TASK_{finished.status}", task.id)
        self.moves.end(task, finished.status)
        return FinishReply.OK

    def _seen(self, task: Task, claim: Claim) -> FinishReply:
        """Whether a claim that does not hold had been finished by who had it, or never was, or was taken away."""
        for attempt in task.attempts:
            if attempt.number == claim.attempt and attempt.worker == claim.session.worker and attempt.end is not None:
                return FinishReply.ALREADY
        return FinishReply.REFUSED

    def _held(self, worker: Worker, session: Session) -> Work | None:
        return None if worker.task is None else self._work(self.moves.space.tasks[worker.task], session)

    def _message(self, worker: Worker) -> MessageIn | None:
        return MessageIn(id=worker.messages[0][0], body=worker.messages[0][1]) if worker.messages else None

    def _next(self, worker: Worker, session: Session, take: Take) -> Work | None:
        tasks, queues = self.moves.space.tasks, self.moves.space.queues
        if take.task is not None:
            is_waiting = take.task in tasks and tasks[take.task].status is TaskStatus.PENDING
            wanted = [take.task] if is_waiting else []
        else:
            self._open_due()
            wanted = [queues[name][0] for name in take.queues if queues[name]]
        if not wanted:
            return None
        self.moves.start(tasks[wanted[0]], worker)
        return self._work(tasks[wanted[0]], session)

    def _open_due(self) -> list[TaskId]:
        now = self.server.now()
        due = [task for task in self.moves.space.tasks.values() if task.due is not None and task.due <= now]
        for task in sorted(due, key=lambda task: task.due or 0.0):
            self.moves.come_due(task)
        return [task.id for task in due]

    def _look_again(self) -> float | None:
        now = self.server.now()
        times = [task.due - now for task in self.moves.space.tasks.values() if task.due is not None]
        for worker in self.moves.space.workers.values():
            if worker.token is not None:
                times.append(self._until_overdue(worker, now))
        return max(0.0, min(times)) if min(times, default=math.inf) < math.inf else None

    def _until_overdue(self, worker: Worker, now: float) -> float:
        """Seconds until it is worth while to look after a worker: it will be late, or late for long enough."""
        terms = worker.new.heartbeat
        if terms is None or worker.key is None:
            return math.inf
        lapses = self.server.remaining(worker.key) or 0.0
        wait = lapses - terms.expire + 1.5 * terms.period
        if worker.late is not None:
            wait = lapses if worker.late >= terms.period else min(terms.period - worker.late, SHORT_ABSENCE)
        return max(wait, self.moves.space.recovered + BETWEEN_RUNS - now)

    def _work(self, task: Task, session: Session) -> Work:
        shelf, root = self.moves.shelf, self.moves.space.tasks[task.root]
        small, room = {}, TRAVELLING
        for value in (*root.new.values, *task.arguments.values()):
            if value in shelf.data and len(shelf.data[value]) <= room:
                small[value] = shelf.data[value]
                room -= len(shelf.data[value])
        return Work(
            claim=Claim(session=session, task=task.id, attempt=task.claims),
            root=task.root,
            body=root.new.body,
            queue=task.new.queue,
            separate_process=task.new.separate_process,
            timeout=task.new.timeout,
            values=small,
            results=dict(task.arguments),
            checkpoint=root.checkpoint,
        )

    @atomic
    def update(self, claim: Claim, change: TaskChange) -> Told:
        if not self.moves.holds(claim):
            return Told(standing=Standing.GONE)
        task = self.moves.space.tasks[claim.task]
        task.progress = task.progress if change.progress is None else change.progress
        task.pid = task.pid if change.pid is None else change.pid
        task.logfile = task.logfile if change.logfile is None else change.logfile
        names: tuple[str, ...] = () if change.checkpoint is None else self._keep_checkpoint(task, change.checkpoint)
        return Told(standing=Standing.CANCEL if task.is_asked_to_stop else Standing.HELD, names=names)

    def _keep_checkpoint(self, task: Task, checkpoint: NewValue | Hash) -> tuple[str, ...]:
        tag, now = checkpoint_tag(task), self.server.now()
        kept = self.moves.keep(tag, checkpoint)
        before = Tag(f"{tag}:before")
        self.moves.shelf.tags[before] = self.moves.shelf.tags[tag] - {kept}
        self.moves.shelf.tags[tag] = {kept}
        _, names = self.moves.shelf.untag(before, now)
        self.moves.space.tasks[task.root].checkpoint = kept
        return tuple(names)
