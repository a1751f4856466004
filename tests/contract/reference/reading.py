"""What is known of a task, as far as it is asked for."""

from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskField, TaskRecord, TaskTimes
from rrq_core.model.value import Stored
from tests.contract.reference.server import Shelf, Task
from tests.contract.reference.transitions import Transitions

_WAITING = (TaskStatus.DEFERRED, TaskStatus.IMPOSSIBLE)


def stored_value(shelf: Shelf, value: str) -> Stored | None:
    """A value as its shelf has it."""
    if value in shelf.data:
        return Stored(data=shelf.data[value], name=None, size=len(shelf.data[value]))
    if value in shelf.names:
        name, size = shelf.names[value]
        return Stored(data=None, name=name, size=size)
    return None


def record_of(moves: Transitions, task: Task, fields: frozenset[TaskField]) -> TaskRecord:
    """The picture of a task in these fields."""
    shown: dict[str, object] = {"status": task.status}
    for wanted in fields:
        shown |= _VIEWS[wanted](moves, task)
    return TaskRecord(id=task.id, **shown)


def _dependencies(moves: Transitions, task: Task) -> dict[str, object]:
    return {
        "depends_on": task.new.depends_on,
        "waits_for": tuple(sorted(task.waits_for)) if task.status is TaskStatus.DEFERRED else (),
        "needed_by": tuple(child.id for child in _needed_by(moves, task)),
    }


def _needed_by(moves: Transitions, task: Task) -> list[Task]:
    """Those that wait for a task; also those that would, but for another one that failed."""
    if task.status.is_terminal:
        return []
    return [child for status in _WAITING for child in moves.dependents(task.id, status)]


def _times(moves: Transitions, task: Task) -> dict[str, object]:
    return {"times": TaskTimes(submit=task.submit, start=task.start, complete=task.complete, moved=task.moved)}


_VIEWS = {
    TaskField.STATUS: lambda moves, task: {"status": task.status},
    TaskField.QUEUE: lambda moves, task: {"queue": task.new.queue},
    TaskField.WORKER: lambda moves, task: {"worker": task.worker, "attempt": task.claims or None},
    TaskField.PROCESS: lambda moves, task: {
        "separate_process": task.new.separate_process,
        "timeout": task.new.timeout,
        "pid": task.pid,
        "logfile": task.logfile,
    },
    TaskField.RESULT: lambda moves, task: {"result": task.result},
    TaskField.VALUE: lambda moves, task: {
        "result": task.result,
        "value": task.result and stored_value(moves.shelf, task.result),
    },
    TaskField.PROGRESS: lambda moves, task: {"progress": task.progress},
    TaskField.LOG: lambda moves, task: {"log": task.log},
    TaskField.REASON: lambda moves, task: {"reason": task.reason},
    TaskField.BODY: lambda moves, task: {"body": moves.space.tasks[task.root].new.body},
    TaskField.TIMES: _times,
    TaskField.MOVED: lambda moves, task: {
        "moved_to": task.moved_to,
        "moved_root": None if task.root == task.id else task.root,
    },
    TaskField.DEPENDENCIES: _dependencies,
    TaskField.DUE: lambda moves, task: {"due": task.due},
    TaskField.ATTEMPTS: lambda moves, task: {"attempts": tuple(task.attempts)},
}
