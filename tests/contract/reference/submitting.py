"""Submitting to the reference backend: what is known, what is refused, and then the tasks themselves."""

from collections.abc import Sequence

from rrq_core.errors import KeyTaken, ObjectMissing, TaskNotFound
from rrq_core.model.ids import Hash, Tag, TaskId, WatcherId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended, NewTask, Submitted
from rrq_core.model.value import NewValue
from tests.contract.reference.server import Server, Task, atomic
from tests.contract.reference.transitions import Transitions


class Submitting:
    """The part of the queue by which tasks come in and are watched."""

    moves: Transitions
    server: Server

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
                if missing := [
                    value for value in task.values if value not in brought and not self.moves.shelf.has(value)
                ]:
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
