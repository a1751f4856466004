"""Task records: which hashes hold which fields, and how they are read."""

import json
from collections.abc import Callable, Mapping, Sequence

from rrq_backends.redis.exchange import Argument, Reply
from rrq_backends.redis.replies import items, number, optional_seconds, optional_text, raw, text, texts
from rrq_core.model.ids import Hash, QueueName, TaskId, WorkerId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Attempt, Ended, Reason, TaskField, TaskRecord, TaskTimes
from rrq_core.model.value import Stored

_HASHES: Mapping[TaskField, tuple[str, ...]] = {
    TaskField.STATUS: (),
    TaskField.QUEUE: ("queue",),
    TaskField.WORKER: ("worker", "attempt"),
    TaskField.PROCESS: ("local", "timeout", "pid", "logfile"),
    TaskField.RESULT: ("result",),
    TaskField.VALUE: ("result",),
    TaskField.PROGRESS: ("progress",),
    TaskField.LOG: ("log",),
    TaskField.REASON: ("reason",),
    TaskField.BODY: ("expr",),
    TaskField.TIMES: ("time_submit", "time_start", "time_complete", "time_moved"),
    TaskField.MOVED: ("moved_to", "moved_root"),
    TaskField.ATTEMPTS: ("worker", "attempt", "time_start", "time_complete"),
}  # fmt: skip
_PARTS: Mapping[TaskField, tuple[str, ...]] = {
    TaskField.DEPENDENCIES: ("depends:up:original", "depends:up", "depends:down"),
    TaskField.DUE: ("due",),
    TaskField.ATTEMPTS: ("attempts",),
}  # fmt: skip

STATUSES = {status.value.encode(): status for status in TaskStatus}

Found = Mapping[str, Reply]


def hashes_of(fields: frozenset[TaskField]) -> list[str]:
    """The hashes that hold these fields; the status is always read, it tells whether the task exists."""
    return list(dict.fromkeys(["status", *(name for field in fields for name in _HASHES.get(field, ()))]))


def parts_of(fields: frozenset[TaskField]) -> list[str]:
    """The keys of a task's own that hold these fields."""
    return list(dict.fromkeys(name for field in fields for name in _PARTS.get(field, ())))


def arguments(tasks: Sequence[TaskId], fields: frozenset[TaskField], follow: bool) -> list[Argument]:
    """Write a look as arguments of `read`, after the queue id."""
    hashes, parts = hashes_of(fields), parts_of(fields)
    names = [f"task:{name}" for name in hashes]
    return [int(follow), int(TaskField.VALUE in fields), len(names), *names, len(parts), *parts, *tasks]


def records(fields: frozenset[TaskField], reply: Reply) -> list[TaskRecord | None]:
    """Read the answer of `read`."""
    ids, columns, parts, data = items(reply)
    names = [*hashes_of(fields), *parts_of(fields)]
    rows = [items(column) for column in (*items(columns), *items(parts))]
    bytes_of = items(data) or [None] * len(items(ids))
    return [
        _record(TaskId(text(id)), fields, {name: row[at] for name, row in zip(names, rows, strict=True)}, bytes_of[at])
        for at, id in enumerate(items(ids))
    ]


def _record(id: TaskId, fields: frozenset[TaskField], found: Found, data: Reply) -> TaskRecord | None:
    if found["status"] is None:
        return None
    known: dict[str, object] = {"id": id, "status": TaskStatus(text(found["status"]))}
    for field in fields:
        reader = _READERS.get(field)
        if reader:
            known |= reader(found)
    if TaskField.VALUE in fields and data:
        known["value"] = Stored(data=raw(data), name=None, size=len(raw(data)))
    return TaskRecord(**known)  # type: ignore[arg-type]  # each reader gives the fields that its enum member names


def ended(note: bytes) -> Ended | None:
    """Read news: a task, its status and, where it is small, its result. None: another program wrote them."""
    id, _, rest = note.partition(b" ")
    status, _, value = rest.partition(b" ")
    if status not in STATUSES:
        return None
    return Ended(task=TaskId(text(id)), status=STATUSES[status], value=value or None)


def _named(found: Found, name: str) -> str | None:
    return optional_text(found[name])


def _worker(found: Found) -> dict[str, object]:
    worker = _named(found, "worker")
    return {
        "worker": None if worker is None else WorkerId(worker),
        "attempt": None if found["attempt"] is None else number(found["attempt"]),
    }


def _process(found: Found) -> dict[str, object]:
    return {
        "separate_process": found["local"] == b"FALSE",
        "timeout": optional_seconds(found["timeout"]),
        "pid": None if found["pid"] is None else number(found["pid"]),
        "logfile": _named(found, "logfile"),
    }


def _result(found: Found) -> dict[str, object]:
    hash = _named(found, "result")
    return {"result": None if hash is None else Hash(hash)}


def _reason(found: Found) -> dict[str, object]:
    if found["reason"] is None:
        return {}
    reason = json.loads(raw(found["reason"]))
    return {"reason": Reason(kind=reason["kind"], detail=reason.get("detail") or "")}


def _times(found: Found) -> dict[str, object]:
    names = ("submit", "start", "complete", "moved")
    return {"times": TaskTimes(**{name: optional_seconds(found[f"time_{name}"]) for name in names})}


def _moved(found: Found) -> dict[str, object]:
    to, root = _named(found, "moved_to"), _named(found, "moved_root")
    return {"moved_to": to and TaskId(to), "moved_root": root and TaskId(root)}


def _ids(reply: Reply) -> tuple[TaskId, ...]:
    return tuple(TaskId(id) for id in sorted(texts(reply)))


def _dependencies(found: Found) -> dict[str, object]:
    return {
        "depends_on": _ids(found["depends:up:original"]),
        "waits_for": _ids(found["depends:up"]),
        "needed_by": _ids(found["depends:down"]),
    }


def _attempts(found: Found) -> dict[str, object]:
    noted = [_attempt(json.loads(raw(line))) for line in items(found["attempts"])]
    current = 0 if found["attempt"] is None else number(found["attempt"])
    if found["worker"] is not None and current and not any(attempt.number == current for attempt in noted):
        noted.append(_last_attempt(found, current))
    return {"attempts": tuple(noted)}


def _attempt(line: Mapping[str, str]) -> Attempt:
    return Attempt(
        number=int(line["attempt"]),
        worker=WorkerId(line["worker"]),
        start=float(line["start"]),
        end=float(line["end"]),
        status=TaskStatus(line["status"]),
        error=line["error"] or None,
    )


def _last_attempt(found: Found, current: int) -> Attempt:
    """One that goes on, or ended well at once: it has no line of its own."""
    end = optional_seconds(found["time_complete"])
    return Attempt(
        number=current,
        worker=WorkerId(text(found["worker"])),
        start=optional_seconds(found["time_start"]) or 0.0,
        end=end,
        status=TaskStatus(text(found["status"])),
    )


_READERS: Mapping[TaskField, Callable[[Found], dict[str, object]]] = {
    TaskField.QUEUE: lambda found: {"queue": QueueName(text(found["queue"]))},
    TaskField.WORKER: _worker,
    TaskField.PROCESS: _process,
    TaskField.RESULT: _result,
    TaskField.VALUE: _result,
    TaskField.PROGRESS: lambda found: {"progress": found["progress"]},
    TaskField.LOG: lambda found: {"log": found["log"]},
    TaskField.REASON: _reason,
    TaskField.BODY: lambda found: {"body": found["expr"]},
    TaskField.TIMES: _times,
    TaskField.MOVED: _moved,
    TaskField.DEPENDENCIES: _dependencies,
    TaskField.DUE: lambda found: {"due": optional_seconds(found["due"])},
    TaskField.ATTEMPTS: _attempts,
}
