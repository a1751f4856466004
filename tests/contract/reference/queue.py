"""The reference `Queue`: arguments are checked, then `Transitions` moves tasks."""

import math
from collections.abc import Iterator, Sequence

from attrs import evolve

from rrq_core.errors import KeyTaken, NotRetriable, ObjectMissing, TaskInUse, TaskNotFound
from rrq_core.model.ids import GroupName, Hash, QueueName, Tag, TaskId, WatcherId
from rrq_core.model.report import Recovered, Violation
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import (
    Cancelled,
    CancelReply,
    Ended,
    NewRetry,
    NewTask,
    Reason,
    Standing,
    Submitted,
    TaskChange,
    TaskField,
    TaskRecord,
    Waiting,
)
from rrq_core.model.value import Dropped, NewValue
from rrq_core.model.work import Claim, Finished, FinishReply, MessageIn, Session, Step, Take, Work
from rrq_core.ports import Queue

from .checking import violations
from .reading import record_of
from .recovery import Recovery
from .server import Server, Task, Worker, atomic
from .transitions import Transitions, checkpoint_tag

TRAVELLING = 65_536


class ReferenceQueue(Queue):
    """Tasks of one queue id, in dicts."""

    def __init__(self, moves: Transitions) -> None:
        self.moves = moves
        self.server: Server = moves.server

    # Submitting

    @atomic
    def submit(
        self,
        tasks: Sequence[NewTask],
        values: Sequence[NewValue] = (),
        *,
        watcher: WatcherId | None = None,
        provisional: Tag | None = None,
    ) -> list[Submitted]:
        brought = {value.hash: value for value in values if value.data is not None}
        names = self._names(tasks)
        self._check_submission(tasks, names, brought)
        answers = [self._submit_one(task, names, brought) for task in tasks]
        if watcher is not None:
            self._watch(watcher, [answer.task for answer in answers])
        if provisional is not None:
            self.moves.shelf.untag(provisional, self.server.now())
        return answers

    def _names(self, tasks: Sequence[NewTask]) -> dict[TaskId, TaskId]:
        """Under which id each task is, or will be, known: that of the first one with its key."""
        names: dict[TaskId, TaskId] = {}
        keys = dict(self.moves.space.keys)
        for task in tasks:
            is_known = task.key is None or task.id in self.moves.space.tasks
            names.setdefault(task.id, task.id if is_known else keys.setdefault((task.group, task.key or ""), task.id))
        return names

    def _check_submission(
        self, tasks: Sequence[NewTask], names: dict[TaskId, TaskId], brought: dict[Hash, NewValue]
    ) -> None:
        known, calls = self.moves.space.tasks, {task.id: task.call for task in reversed(tasks)}
        before: set[TaskId] = set()
        for task in tasks:
            name = names[task.id]
            call = known[name].new.call if name in known else calls[name]
            if task.key is not None and name != task.id and call != task.call:
                raise KeyTaken(task.key, name)
            if name not in known and name not in before:
                if unknown := [parent for parent in task.depends_on if parent not in known and parent not in before]:
                    raise TaskNotFound(unknown, self.moves.queue_id)
                if missing := [value for value in task.values if value not in brought and not self.moves.shelf.has(value)]:
                    raise ObjectMissing(missing)
            before.add(task.id)

    def _submit_one(self, new: NewTask, names: dict[TaskId, TaskId], brought: dict[Hash, NewValue]) -> Submitted:
        space, name = self.moves.space, names[new.id]
        if name in space.tasks:
            return Submitted(task=name, status=space.tasks[name].status, known=True)
        task = Task(new=new, root=new.id, submit=self.server.now())
        for value in new.values:
            self.moves.keep(Tag(new.id), brought.get(value, value))
        if new.key is not None:
            space.keys[new.group, new.key] = new.id
        if new.group is not None:
            space.groups[new.group].append(new.id)
        self.moves.begin(task, [names.get(parent, parent) for parent in new.depends_on])
        return Submitted(task=new.id, status=task.status)

    # What workers do

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
        self.moves.let_go(worker, task)
        self.moves.end_attempt(task, finished.status, finished.note)
        task.log = finished.log
        if finished.status is TaskStatus.ERROR and finished.retry_in is not None and task.errors < task.new.retries:
            task.errors += 1
            self.moves.log(worker, "TASK_RETRY", task.id)
            self.moves.put_off(task, finished.retry_in)
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
            if worker.token is not None and worker.new.heartbeat is not None:
                times.append(self.server.remaining(worker.new.heartbeat.key) or 0.0)
        return max(0.0, min(times)) if times else None

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
    def update(self, claim: Claim, change: TaskChange) -> Standing:
        if not self.moves.holds(claim):
            return Standing.GONE
        task = self.moves.space.tasks[claim.task]
        task.progress = task.progress if change.progress is None else change.progress
        task.pid = task.pid if change.pid is None else change.pid
        task.logfile = task.logfile if change.logfile is None else change.logfile
        if change.checkpoint is not None:
            self._keep_checkpoint(task, change.checkpoint)
        return Standing.CANCEL if task.is_asked_to_stop else Standing.HELD

    def _keep_checkpoint(self, task: Task, checkpoint: NewValue | Hash) -> None:
        tag, now = checkpoint_tag(task), self.server.now()
        kept = self.moves.keep(tag, checkpoint)
        if self.moves.shelf.tags[tag] != {kept}:
            self.moves.shelf.untag(tag, now)
            self.moves.keep(tag, checkpoint)
        self.moves.space.tasks[task.root].checkpoint = kept

    # What controllers do to tasks

    @atomic
    def cancel(self, task: TaskId) -> Cancelled:
        found = self.moves.space.tasks.get(task)
        if found is None:
            raise TaskNotFound([task], self.moves.queue_id)
        if found.status in (TaskStatus.PENDING, TaskStatus.DEFERRED):
            self.moves.end(found, TaskStatus.CANCELLED, Reason(kind="cancelled"))
            reply = CancelReply.DONE
        elif found.status is not TaskStatus.RUNNING:
            reply = CancelReply.OVER
        elif found.new.separate_process:
            found.is_asked_to_stop = True
            if found.worker is not None:
                self.moves.space.workers[found.worker].is_poked = True
            reply = CancelReply.ASKED
        else:
            reply = CancelReply.LOCAL
        return Cancelled(reply=reply, status=found.status)

    @atomic
    def retry(self, retries: Sequence[NewRetry]) -> list[TaskStatus]:
        tasks = self.moves.space.tasks
        fresh = [retry for retry in retries if retry.new not in tasks]
        self._check_retries(fresh)
        for retry in fresh:
            old = self.moves.leaf(retry.task)
            wishes = evolve(old.new, id=retry.new, queue=retry.queue or old.new.queue, delay=0.0)
            new = Task(new=wishes, root=old.root, submit=self.server.now(), arguments=dict(old.arguments))
            self.moves.shelf.tags[Tag(new.id)] |= set(new.arguments.values())
            self.moves.move(old, new)
        return [tasks[retry.new].status for retry in retries]

    def _check_retries(self, retries: Sequence[NewRetry]) -> None:
        tasks, moving = self.moves.space.tasks, set[TaskId]()
        if unknown := [retry.task for retry in retries if retry.task not in tasks]:
            raise TaskNotFound(unknown, self.moves.queue_id)
        for retry in retries:
            leaf = self.moves.leaf(retry.task)
            if leaf.id in moving:
                raise NotRetriable(f"task {retry.task} is named twice, itself or by another of its chain")
            if not leaf.status.is_terminal or leaf.status is TaskStatus.IMPOSSIBLE:
                raise NotRetriable(f"task {leaf.id} is {leaf.status}: only what has run, or was cancelled, can run again")
            if lost := [parent for parent in leaf.waits_for if parent not in tasks]:
                raise NotRetriable(f"task {leaf.id} depends on tasks that were deleted: {lost}")
            moving.add(leaf.id)

    @atomic
    def delete(self, tasks: Sequence[TaskId], even_running: bool = False, even_needed: bool = False) -> Dropped:
        known = [task for task in dict.fromkeys(tasks) if task in self.moves.space.tasks]
        doomed = list({task.id: task for name in known for task in self.moves.chain(name)}.values())
        if running := [task.id for task in doomed if task.status is TaskStatus.RUNNING and not even_running]:
            raise TaskInUse(f"tasks are running: {running}; cancel them first, or wait")
        for task in doomed:
            needed_by = [child for child in self.moves.dependents(task.id, TaskStatus.DEFERRED) if child not in doomed]
            if needed_by and not even_needed:
                raise TaskInUse(f"task {task.id} is needed by {needed_by[0].id}, which is DEFERRED")
        gone, names = self.moves.erase(doomed)
        return Dropped(tasks=tuple(task.id for task in doomed), hashes=tuple(gone), names=tuple(names))

    @atomic
    def remove(self, tasks: Sequence[TaskId], queue: QueueName) -> list[bool]:
        removed = [task for task in tasks if task in self.moves.space.queues[queue]]
        for task in dict.fromkeys(removed):
            self.moves.end(self.moves.space.tasks[task], TaskStatus.CANCELLED, Reason(kind="removed", detail=queue))
        return [task in removed for task in tasks]

    # Looking

    @atomic
    def read(self, tasks: Sequence[TaskId], fields: frozenset[TaskField], follow: bool) -> list[TaskRecord | None]:
        found = [self.moves.space.tasks.get(task) for task in tasks]
        leaves = [self.moves.leaf(task.id) if task is not None and follow else task for task in found]
        return [None if task is None else record_of(self.moves, task, fields) for task in leaves]

    @atomic
    def tasks(self, status: TaskStatus | None = None) -> Iterator[TaskId]:
        return iter([task.id for task in self.moves.space.tasks.values() if status in (None, task.status)])

    @atomic
    def waiting(self, queue: QueueName, start: int = 0, stop: int | None = None) -> Waiting:
        waiting = self.moves.space.queues[queue]
        return Waiting(total=len(waiting), tasks=tuple(waiting[start:stop]))

    @atomic
    def group(self, name: GroupName) -> list[TaskId]:
        return list(self.moves.space.groups[name])

    # Waiting

    @atomic
    def watch(self, watcher: WatcherId, tasks: Sequence[TaskId]) -> list[Ended]:
        return self._watch(watcher, tasks)

    def _watch(self, watcher: WatcherId, tasks: Sequence[TaskId]) -> list[Ended]:
        over = []
        for name in dict.fromkeys(tasks):
            task = self.moves.space.tasks.get(name)
            status = TaskStatus.MISSING if task is None else task.status
            if task is None or status.is_terminal:
                over.append(Ended(task=name, status=status))
            elif watcher not in task.watchers:
                task.watchers.append(watcher)
        return over

    def ended(self, watcher: WatcherId, timeout: float) -> list[Ended]:
        limit = None if math.isinf(timeout) else timeout
        with self.server.changed:
            self.server.changed.wait_for(lambda: self.moves.space.inboxes[watcher], limit)
            return self.moves.space.inboxes.pop(watcher)

    # Looking after the queue

    @atomic
    def recover(self, now: bool = False) -> Recovered:
        return Recovery(self.moves).run(self._open_due, now)

    @atomic
    def check(self, repair: bool = False) -> list[Violation]:
        return list(violations(self.moves))

    @atomic
    def destroy(self, after: float = 0.0) -> None:
        if after > 0:
            self.moves.space.expires = self.server.now() + after
        else:
            self.server.clear(self.moves.queue_id)
