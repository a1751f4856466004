"""Why tasks ended that no worker could speak for, in a sentence each."""

from collections.abc import Mapping, Sequence

from rrq_core.client.connection import Connection
from rrq_core.model.ids import TaskId
from rrq_core.model.task import Reason, TaskField, TaskRecord

MOST_LEVELS = 100  # of dependencies above a task that are looked at for the one that failed first

_BECAUSE: Mapping[str, str] = {
    "lost": "its worker was lost: {}",
    "left": "its worker left before the task had ended: {}",
    "cancelled": "it was cancelled while it waited",
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
    counted = {record.id for record in records if record.reason is not None and record.reason.kind in _COUNTED}
    firsts = {_first_to_fail(record, ancestors).id for record in records if _dependency_of(record) is not None}
    attempts = _read(connection, sorted(counted | firsts), TaskField.ATTEMPTS)
    return {record.id: _sentence(record, ancestors, attempts) for record in records}


def _sentence(record: TaskRecord, ancestors: Known, attempts: Known) -> str:
    if (dependency := _dependency_of(record)) is not None:
        return _blame(dependency, _first_to_fail(record, ancestors), ancestors, attempts)
    if record.reason is None:
        return "nobody says why"
    made = len(attempts[record.id].attempts or ()) if record.id in attempts else 0
    said = _told(record.reason)
    return f"{said}; it was the last of {made} attempts" if made > 1 else said


def _told(reason: Reason) -> str:
    if reason.kind in _BECAUSE:
        return _BECAUSE[reason.kind].format(reason.detail)
    return f"{reason.kind}: {reason.detail}" if reason.detail else reason.kind


def _first_to_fail(record: TaskRecord, ancestors: Known) -> TaskRecord:
    """Go up from a task to the one that failed first, as far as they are known."""
    for _ in range(MOST_LEVELS):
        above = _dependency_of(record)
        if above is None or above not in ancestors:
            break
        record = ancestors[above]
    return record


def _blame(dependency: TaskId, first: TaskRecord, ancestors: Known, attempts: Known) -> str:
    """Name the dependency, the one above it that failed first, and why that did."""
    if dependency not in ancestors:
        return f"its dependency {dependency} failed, and is not known any more"
    said = f"its dependency {dependency} is {ancestors[dependency].status}"
    if first.id != dependency:
        said += f", since task {first.id} is {first.status}"
    why = _why(first, attempts)
    return f"{said}: {why}" if why else said


def _why(record: TaskRecord, attempts: Known) -> str | None:
    if record.reason is not None and _dependency_of(record) is None:
        return _told(record.reason)
    made = attempts[record.id].attempts if record.id in attempts else None
    return made[-1].error if made else None


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
