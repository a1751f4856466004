"""Why tasks ended that no worker could speak for, in a sentence each."""

from collections.abc import Mapping, Sequence

from rrq_core.client.connection import Connection
from rrq_core.model.ids import TaskId
from rrq_core.model.task import Reason, TaskField, TaskRecord

MOST_LEVELS = 100  # of dependencies above a task that are looked at for the one that failed first

_BECAUSE: Mapping[str, str] = {
    "lost": "its worker was lost: {}",
    "left": "its worker left before the task had ended: {}",
    "cancelled": "it was cancelled before it ran",
    "removed": "it was removed from the queue {!r}",
    "deleted": "it needs task {}, which was deleted",
    "damaged": "check() found it damaged, and ended it: {}",
}
_COUNTED = frozenset({"lost", "left"})

Known = Mapping[TaskId, TaskRecord]


def sentences(connection: Connection, records: Sequence[TaskRecord]) -> Mapping[TaskId, str]:
    """Say of each task why it ended; of those that depend on others also what became of these.

    Args:
        connection: Where they are.
        records: The tasks, read with their status and reason.
    """
    ancestors = _ancestors(connection, records)
    counted = [record.id for record in records if record.reason is not None and record.reason.kind in _COUNTED]
    attempts = _read(connection, counted, TaskField.ATTEMPTS)
    return {record.id: _sentence(record, ancestors, attempts) for record in records}


def _sentence(record: TaskRecord, ancestors: Known, attempts: Known) -> str:
    reason = record.reason
    if reason is None:
        return "nobody says why"
    if (dependency := _dependency_of(record)) is not None:
        return _blame(dependency, ancestors)
    said = _BECAUSE[reason.kind].format(reason.detail) if reason.kind in _BECAUSE else _plainly(reason)
    made = len(attempts[record.id].attempts or ()) if record.id in attempts else 0
    return f"{said}; it was the last of {made} attempts" if made > 1 else said


def _plainly(reason: Reason) -> str:
    return f"{reason.kind}: {reason.detail}" if reason.detail else reason.kind


def _blame(dependency: TaskId, ancestors: Known) -> str:
    """Name the dependency, and the one above it that failed first."""
    first = dependency
    for _ in range(MOST_LEVELS):
        above = _dependency_of(ancestors[first]) if first in ancestors else None
        if above is None:
            break
        first = above
    said = f"its dependency {dependency} {_state(dependency, ancestors)}"
    return said if first == dependency else f"{said}, since task {first} {_state(first, ancestors)}"


def _state(task: TaskId, known: Known) -> str:
    return f"is {known[task].status}" if task in known else "failed, and is not known any more"


def _dependency_of(record: TaskRecord) -> TaskId | None:
    """Give the dependency by which a task is IMPOSSIBLE."""
    reason = record.reason
    return TaskId(reason.detail) if reason is not None and reason.kind == "dependency" else None


def _ancestors(connection: Connection, records: Sequence[TaskRecord]) -> Known:
    """Read the dependencies that failed, and theirs, level by level; many tasks have the same."""
    known: dict[TaskId, TaskRecord] = {}
    level = list(records)
    for _ in range(MOST_LEVELS):
        wanted = {task for task in map(_dependency_of, level) if task is not None and task not in known}
        if not wanted:
            break
        found = _read(connection, sorted(wanted), TaskField.REASON)
        known |= found
        level = list(found.values())
    return known


def _read(connection: Connection, tasks: Sequence[TaskId], what: TaskField) -> Known:
    if not tasks:
        return {}
    records = connection.backend.queue.read(tasks, frozenset({TaskField.STATUS, what}), follow=False)
    return {record.id: record for record in records if record is not None}
