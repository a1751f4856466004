"""The laws of a queue, each said once over the dicts."""

from collections import Counter
from collections.abc import Iterator

from rrq_core.model.ids import Tag
from rrq_core.model.report import Law, Violation
from rrq_core.model.status import TaskStatus
from tests.contract.reference.server import Task
from tests.contract.reference.transitions import Transitions, checkpoint_tag


def violations(moves: Transitions) -> Iterator[Violation]:
    """Go through all that is broken."""
    for task in moves.space.tasks.values():
        yield from _task(moves, task)
    yield from _queues(moves)
    yield from _workers(moves)
    yield from _values(moves)


def _broken(law: Law, subject: str, sentence: str) -> Violation:
    return Violation(law=law, subject=subject, sentence=sentence)


def _task(moves: Transitions, task: Task) -> Iterator[Violation]:
    places = Counter(name for waiting in moves.space.queues.values() for name in waiting)[task.id]
    holders = [worker for worker in moves.space.workers.values() if worker.task == task.id and worker.token is not None]
    parents = [moves.space.tasks.get(parent) for parent in task.waits_for]
    is_waiting = task.due is not None or bool(parents)
    if task.status is TaskStatus.PENDING and (places != 1 or task.due is not None):
        yield _broken(Law.PENDING, task.id, f"task {task.id} is PENDING and is {places} times in a queue")
    if task.status is not TaskStatus.PENDING and places:
        yield _broken(Law.QUEUED, task.id, f"task {task.id} is {task.status} and stands in a queue")
    if task.status is TaskStatus.DEFERRED and not is_waiting:
        yield _broken(Law.DEFERRED, task.id, f"task {task.id} is DEFERRED and waits for nothing")
    if task.status is TaskStatus.DEFERRED and any(parent is None or parent.status.is_terminal for parent in parents):
        yield _broken(Law.DEPENDENCY, task.id, f"task {task.id} waits for a task that is over")
    if task.status is TaskStatus.RUNNING and len(holders) != 1:
        yield _broken(Law.RUNNING, task.id, f"task {task.id} is RUNNING under {len(holders)} workers")
    relatives = {task.root, task.id if task.moved_to is None else task.moved_to}
    if (task.status is TaskStatus.MOVED) != (task.moved_to is not None) or not relatives <= moves.space.tasks.keys():
        yield _broken(Law.CHAIN, task.id, f"the retry chain of task {task.id} is broken")
    if task.status.is_terminal != (task.complete is not None):
        yield _broken(
            Law.TASK_FIELDS, task.id, f"task {task.id} is {task.status}, and its time of ending says otherwise"
        )


def _queues(moves: Transitions) -> Iterator[Violation]:
    for name, waiting in moves.space.queues.items():
        for task in waiting:
            if task not in moves.space.tasks:
                yield _broken(Law.QUEUED, task, f"task {task} stands in the queue {name!r} and is unknown")


def _workers(moves: Transitions) -> Iterator[Violation]:
    for name, worker in moves.space.workers.items():
        if worker.status.is_active != (worker.token is not None):
            yield _broken(Law.WORKER, name, f"worker {name} is {worker.status}, and its session says otherwise")
        task = moves.space.tasks.get(worker.task) if worker.task is not None else None
        if worker.task is not None and (task is None or task.status is not TaskStatus.RUNNING):
            yield _broken(Law.RUNNING, name, f"worker {name} holds {worker.task}, which is not RUNNING")


def _values(moves: Transitions) -> Iterator[Violation]:
    shelf, tagged = moves.shelf, set[str]()
    owners = {Tag(task.id) for task in moves.space.tasks.values()}
    owners |= {checkpoint_tag(task) for task in moves.space.tasks.values()} | set(shelf.provisional)
    for tag, values in shelf.tags.items():
        tagged |= values
        if any(not shelf.has(value) for value in values):
            yield _broken(Law.VALUE, tag, f"the tag {tag!r} points at values that are not there")
        if _looks_like_a_task(tag) and values and tag not in owners:
            yield _broken(Law.TAG, tag, f"the tag {tag!r} belongs to no task")
    for value in {*shelf.data, *shelf.names} - tagged:
        yield _broken(Law.VALUE, value, f"no tag points at the value {value}")
    for task in moves.space.tasks.values():
        if task.result is not None and task.result not in shelf.tags.get(Tag(task.id), ()):
            yield _broken(Law.VALUE, task.id, f"the result of task {task.id} is not tagged by it")


def _looks_like_a_task(tag: str) -> bool:
    return len(tag.removesuffix(":checkpoint")) == 32
