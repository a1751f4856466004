"""The reference `Queue`: arguments are checked, then `Transitions` moves tasks."""

import math
from collections.abc import Iterator, Sequence

from attrs import evolve

from rrq_core.errors import NotRetriable, ObjectMissing, TaskInUse, TaskNotFound
from rrq_core.model.ids import GroupName, QueueName, Tag, TaskId, WatcherId
from rrq_core.model.report import Recovered, Violation
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import (
    Cancelled,
    CancelReply,
    Ended,
    NewRetry,
    Reason,
    TaskField,
    TaskRecord,
    Waiting,
)
from rrq_core.model.value import Dropped
from rrq_core.ports import Queue
from tests.contract.reference.checking import violations
from tests.contract.reference.reading import record_of
from tests.contract.reference.recovery import Recovery
from tests.contract.reference.server import Task, atomic
from tests.contract.reference.stepping import Stepping
from tests.contract.reference.submitting import Submitting
from tests.contract.reference.transitions import Transitions


class ReferenceQueue(Submitting, Stepping, Queue):
    """Tasks of one queue id, in dicts."""

    def __init__(self, moves: Transitions) -> None:
        self.moves = moves
        self.server = moves.server

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
            self.moves.shelf.tags[Tag(new.id)] |= {*new.arguments.values(), *retry.values}
            self._mend(old.root, retry)
            self.moves.move(old, new)
        return [tasks[retry.new].status for retry in retries]

    def _mend(self, root: TaskId, retry: NewRetry) -> None:
        if retry.body is not None:
            first = self.moves.space.tasks[root]
            first.new = evolve(first.new, body=retry.body, values=(*first.new.values, *retry.values))

    def _check_retries(self, retries: Sequence[NewRetry]) -> None:
        tasks, moving = self.moves.space.tasks, set[TaskId]()
        for retry in retries:
            if retry.task not in tasks:
                raise TaskNotFound([retry.task], self.moves.queue_id)
            leaf = self.moves.leaf(retry.task)
            if missing := [value for value in retry.values if not self.moves.shelf.has(value)]:
                raise ObjectMissing(missing)
            if leaf.id in moving:
                raise NotRetriable(f"task {retry.task} is named twice, itself or by another of its chain")
            if not leaf.status.is_terminal or leaf.status is TaskStatus.IMPOSSIBLE:
                raise NotRetriable(
                    f"task {leaf.id} is {leaf.status}: only what has run, or was cancelled, can run again"
                )
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

    def ended(self, watcher: WatcherId, timeout: float) -> list[Ended]:
        limit = None if math.isinf(timeout) else timeout
        with self.server.changed:
            self.server.changed.wait_for(lambda: self.moves.space.inboxes[watcher], limit)
            return self.moves.space.inboxes.pop(watcher)

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
