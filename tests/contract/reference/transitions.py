"""How tasks pass from one status to the next. Every change of a task's status in the reference backend is made here."""

from collections import deque
from collections.abc import Iterable, Sequence

from attrs import evolve

from rrq_core.errors import Fenced
from rrq_core.model.ids import Hash, QueueId, Tag, TaskId, WorkerId
from rrq_core.model.status import OnLost, TaskStatus, WorkerStatus
from rrq_core.model.task import Attempt, Ended, Reason
from rrq_core.model.value import NewValue
from rrq_core.model.work import Claim, Session
from rrq_core.model.worker import LogEntry
from tests.contract.reference.server import Server, Shelf, Space, Task, Worker, shelf_of


class Transitions:
    """The moves of one queue id. Who calls them holds the lock, and has checked all that can be wrong."""

    def __init__(self, server: Server, queue_id: QueueId) -> None:
        self.server = server
        self.queue_id = queue_id

    @property
    def space(self) -> Space:
        return self.server.space(self.queue_id)

    @property
    def shelf(self) -> Shelf:
        return self.server.shelves[shelf_of(self.queue_id)]

    # Looking

    def leaf(self, task: TaskId) -> Task:
        """The task that goes on for one that was retried, or that one itself."""
        found = self.space.tasks[task]
        while found.moved_to is not None:
            found = self.space.tasks[found.moved_to]
        return found

    def chain(self, task: TaskId) -> list[Task]:
        """All tasks of a retry chain, the first one first."""
        chain = [self.space.tasks[self.space.tasks[task].root]]
        while chain[-1].moved_to is not None:
            chain.append(self.space.tasks[chain[-1].moved_to])
        return chain

    def dependents(self, task: TaskId, status: TaskStatus) -> list[Task]:
        """Tasks of this status that wait, or would wait, for one."""
        return [other for other in self.space.tasks.values() if other.status is status and task in other.waits_for]

    def has_failed_parent(self, task: Task) -> bool:
        """Whether something that a task waits for will never be COMPLETE as things are."""
        parents = [self.space.tasks.get(parent) for parent in task.waits_for]
        return any(parent is None or parent.status.is_failure for parent in parents)

    def worker_of(self, session: Session) -> Worker:
        """The worker that has this session.

        Raises:
            Fenced: If the session is over.
        """
        worker = self.space.workers.get(session.worker)
        if worker is None or worker.token != session.token:
            raise Fenced(session.worker)
        return worker

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is still that of its session, and its attempt the current one."""
        worker = self.space.workers.get(claim.session.worker)
        task = self.space.tasks.get(claim.task)
        return (
            worker is not None
            and task is not None
            and worker.token == claim.session.token
            and worker.task == claim.task
            and task.status is TaskStatus.RUNNING
            and task.claims == claim.attempt
        )

    # Moving one task

    def enqueue(self, task: Task, front: bool) -> None:
        """Put a task into its queue."""
        task.status = TaskStatus.PENDING
        waiting = self.space.queues[task.new.queue]
        waiting.insert(0 if front else len(waiting), task.id)

    def withdraw(self, task: Task) -> None:
        """Take a task out of every place where live tasks are."""
        if task.status is TaskStatus.PENDING:
            self.space.queues[task.new.queue].remove(task.id)
        if task.status is TaskStatus.RUNNING and task.worker in self.space.workers:
            self.let_go(self.space.workers[task.worker], task)
        task.due = None

    def let_go(self, worker: Worker, task: Task) -> None:
        """A worker does not hold a task any more."""
        worker.task = None if worker.task == task.id else worker.task

    def start(self, task: Task, worker: Worker) -> None:
        """A worker claims a PENDING task."""
        self.withdraw(task)
        task.status, task.start, task.worker = TaskStatus.RUNNING, self.server.now(), worker.new.id
        task.claims += 1
        attempt = Attempt(number=task.claims, worker=worker.new.id, start=task.start, status=TaskStatus.RUNNING)
        task.attempts.append(attempt)
        worker.task, worker.status = task.id, WorkerStatus.BUSY
        self.log(worker, "TASK_START", task.id)

    def unstart(self, task: Task) -> None:
        """A claim that nobody saw: as if it had not been."""
        self.withdraw(task)
        task.attempts.pop()
        task.claims, task.start, task.worker = task.claims - 1, None, None
        if task.is_asked_to_stop:
            task.is_asked_to_stop = False
            self.end(task, TaskStatus.CANCELLED, Reason(kind="cancelled"))
        else:
            self.enqueue(task, front=True)

    def end_attempt(self, task: Task, status: TaskStatus, error: str) -> None:
        """Note how the current attempt ended."""
        task.attempts[-1] = evolve(task.attempts[-1], end=self.server.now(), status=status, error=error or None)
        task.is_asked_to_stop, task.pid = False, None

    def lose(self, task: Task, reason: Reason) -> bool:
        """A claim ended with its worker; whether the task was put back."""
        is_wanted = task.new.on_lost is OnLost.REQUEUE and not task.is_asked_to_stop
        self.withdraw(task)
        self.end_attempt(task, TaskStatus.DIED, f"{reason.kind}: {reason.detail}")
        task.losses += 1
        if is_wanted and task.losses < task.new.max_attempts:
            self.enqueue(task, front=True)
            return True
        self.end(task, TaskStatus.DIED, reason)
        return False

    def put_off(self, task: Task, seconds: float) -> None:
        """A task waits for a time."""
        task.status, task.due = TaskStatus.DEFERRED, self.server.now() + seconds

    def try_again(self, task: Task, seconds: float) -> None:
        """A task runs again by itself, after a time or at once."""
        if seconds > 0:
            self.put_off(task, seconds)
        else:
            self.enqueue(task, front=task.new.front)

    def come_due(self, task: Task) -> None:
        """Its time has come: one of the two gates is open."""
        task.due = None
        if not task.waits_for:
            self.enqueue(task, front=task.new.front)

    # Ending, and what follows from it

    def end(self, task: Task, status: TaskStatus, reason: Reason | None = None) -> None:
        """End a task, and go on to those that wait for it, breadth first."""
        self._end_one(task, status, reason)
        work = deque([task])
        while work:
            parent = work.popleft()
            for child in self.dependents(parent.id, TaskStatus.DEFERRED):
                if parent.status is TaskStatus.COMPLETE:
                    self.release(child, parent)
                else:
                    self._end_one(child, TaskStatus.IMPOSSIBLE, Reason(kind="dependency", detail=parent.id))
                    work.append(child)
            if parent.status is TaskStatus.COMPLETE:
                for child in self.dependents(parent.id, TaskStatus.IMPOSSIBLE):
                    self.release(child, parent)

    def _end_one(self, task: Task, status: TaskStatus, reason: Reason | None) -> None:
        self.withdraw(task)
        task.status, task.reason, task.complete = status, reason, self.server.now()
        if task.new.result_ttl is not None:
            task.expire = task.complete + task.new.result_ttl
        self.tell(task, status)

    def tell(self, task: Task, status: TaskStatus) -> None:
        """Tell who watches a task, once."""
        for watcher in task.watchers:
            self.space.inboxes[watcher].append(Ended(task=task.id, status=status))
        task.watchers.clear()

    def release(self, child: Task, parent: Task) -> None:
        """A dependency is COMPLETE: one of the two gates is open."""
        self.keep_arguments(child, parent)
        child.waits_for.discard(parent.id)
        if child.status is TaskStatus.DEFERRED and not child.waits_for and child.due is None:
            self.enqueue(child, front=True)

    def keep_arguments(self, child: Task, parent: Task) -> None:
        """Tag a result for the task that has it among its arguments, so that it outlives the parent."""
        for argument in child.new.takes_result_of:
            is_from_here = argument in self.space.tasks and self.leaf(argument) is parent
            if is_from_here and argument not in child.arguments and parent.result is not None:
                child.arguments[argument] = parent.result
                self.shelf.tags[Tag(child.id)].add(parent.result)

    def tie(self, task: Task, parents: Iterable[TaskId]) -> TaskId | None:
        """Have a task wait for what is not COMPLETE; answers a dependency that has failed."""
        failed = None
        for parent in map(self.leaf, parents):
            if parent.status is TaskStatus.COMPLETE:
                self.keep_arguments(task, parent)
            else:
                task.waits_for.add(parent.id)
                failed = failed or (parent.id if parent.status.is_failure else None)
        return failed

    def begin(self, task: Task, parents: Iterable[TaskId]) -> None:
        """A new task takes its place: IMPOSSIBLE, DEFERRED, or in its queue."""
        self.space.tasks[task.id] = task
        failed = self.tie(task, parents)
        if failed is not None:
            self._end_one(task, TaskStatus.IMPOSSIBLE, Reason(kind="dependency", detail=failed))
        elif task.new.delay > 0:
            self.put_off(task, task.new.delay)
        elif not task.waits_for:
            self.enqueue(task, front=task.new.front)

    def revive(self, parent: Task) -> None:
        """Those that are IMPOSSIBLE for a task that is live again wait again, breadth first."""
        work = deque([parent])
        while work:
            for child in self.dependents(work.popleft().id, TaskStatus.IMPOSSIBLE):
                if not self.has_failed_parent(child):
                    child.status, child.complete, child.reason, child.expire = TaskStatus.DEFERRED, None, None, None
                    due = child.submit + child.new.delay
                    child.due = due if child.new.delay and due > self.server.now() else None
                    work.append(child)

    def move(self, old: Task, new: Task) -> None:
        """A task goes on under a new id; so do the hopes of those that depend on it."""
        old.status, old.moved, old.moved_to, old.expire = TaskStatus.MOVED, self.server.now(), new.id, None
        self.begin(new, old.waits_for)
        for child in self.dependents(old.id, TaskStatus.IMPOSSIBLE):
            child.waits_for.remove(old.id)
            child.waits_for.add(new.id)
        if not new.status.is_failure:
            self.revive(new)

    # Deleting

    def erase(self, tasks: Sequence[Task]) -> tuple[list[Hash], list[str]]:
        """Delete whole chains; answers hashes and names that nobody uses any more."""
        now = self.server.now()
        for task in tasks:
            self.withdraw(task)
            del self.space.tasks[task.id]
        for task in tasks:
            for child in self.dependents(task.id, TaskStatus.DEFERRED):
                self.end(child, TaskStatus.IMPOSSIBLE, Reason(kind="deleted", detail=task.id))
        gone: list[Hash] = []
        names: list[str] = []
        for task in tasks:
            self._forget_names(task)
            self.tell(task, TaskStatus.MISSING)
            for tag in (Tag(task.id), checkpoint_tag(task)):
                hashes, doomed = self.shelf.untag(tag, now)
                gone, names = gone + hashes, names + doomed
        return gone, names

    def _forget_names(self, task: Task) -> None:
        if self.space.keys.get((task.new.group, task.new.key or "")) == task.id:
            del self.space.keys[task.new.group, task.new.key or ""]
        if task.new.group is not None and task.id in self.space.groups[task.new.group]:
            self.space.groups[task.new.group].remove(task.id)

    # Workers

    def sign_off(self, worker: Worker, status: WorkerStatus) -> None:
        """End a worker's session."""
        worker.token, worker.status, worker.task, worker.late = None, status, None, None
        worker.messages.clear()
        self.server.stop_beat(worker)

    def log(self, worker: Worker, command: str, message: str = "", child: int | None = None) -> None:
        """Write a line into a worker's log."""
        now = self.server.now()
        name: WorkerId = worker.new.id
        worker.log.append(LogEntry(worker_id=name, child=child, time=now, command=command, message=message))
        del worker.log[: -worker.new.log_max]

    def keep(self, tag: Tag, value: NewValue | Hash) -> Hash:
        """Tag a value, storing it if it brings its bytes."""
        if isinstance(value, NewValue):
            if value.data is not None and not self.shelf.has(value.hash):
                self.shelf.data[value.hash] = bytes(value.data)
            value = value.hash
        self.shelf.tags[tag].add(value)
        return value


def checkpoint_tag(task: Task) -> Tag:
    """The tag of the checkpoint of a task's chain."""
    return Tag(f"{task.root}:checkpoint")
