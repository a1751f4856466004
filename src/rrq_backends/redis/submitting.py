"""Submissions as arguments of the script `submit`: cut into portions, options written once where they are alike."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from rrq_backends.redis.exchange import Argument, Reply
from rrq_backends.redis.reading import STATUSES
from rrq_backends.redis.replies import items, raw, text, texts
from rrq_core.errors import BackendError, ForeignKey, KeyTaken, ObjectMissing, TaskNotFound
from rrq_core.model.ids import Hash, TaskId
from rrq_core.model.status import OnLost
from rrq_core.model.task import NewTask, Submitted
from rrq_core.model.value import NewValue

MOST_TASKS = 250
MOST_BYTES = 1 << 20


def options_text(task: NewTask) -> str:
    """Write what the scripts need to know of a task as JSON, only where it is not the default."""
    plain = (task.queue, task.separate_process, task.timeout, task.on_lost, task.max_attempts, task.retries, task.delay)
    return _written(*plain, task.key, task.group, task.result_ttl, task.front)


@lru_cache(maxsize=64)
def _written(
    queue: str,
    separate_process: bool,
    timeout: float | None,
    on_lost: OnLost,
    max_attempts: int,
    retries: int,
    delay: float,
    key: str | None,
    group: str | None,
    result_ttl: float | None,
    front: bool,
) -> str:
    options: dict[str, object] = {"queue": queue}
    if not separate_process:
        options["local"] = True
    for name, value, default in (
        ("timeout", None if timeout is None else repr(float(timeout)), None),
        ("on_lost", on_lost.value, OnLost.DIED.value),
        ("max_attempts", max_attempts, 3),
        ("retries", retries, 0),
        ("delay", delay, 0.0),
        ("key", key, None),
        ("group", group, None),
        ("result_ttl", result_ttl, None),
        ("front", front, False),
    ):
        if value != default:
            options[name] = value
    return json.dumps(options, ensure_ascii=False)


def _same_options(a: NewTask, b: NewTask) -> bool:
    return (
        a.queue == b.queue
        and a.key is None
        and b.key is None
        and a.separate_process == b.separate_process
        and a.timeout == b.timeout
        and a.on_lost is b.on_lost
        and a.max_attempts == b.max_attempts
        and a.retries == b.retries
        and a.delay == b.delay
        and a.group == b.group
        and a.result_ttl == b.result_ttl
        and a.front == b.front
    )


def portions(tasks: Sequence[NewTask]) -> Iterator[Sequence[NewTask]]:
    """Cut a submission into portions of 250 tasks or 1 MiB."""
    first, size = 0, 0
    for at, task in enumerate(tasks):
        if at > first and (at - first == MOST_TASKS or size + len(task.body) > MOST_BYTES):
            yield tasks[first:at]
            first, size = at, 0
        size += len(task.body)
    yield tasks[first:]


def values_of(tasks: Sequence[NewTask], values: Mapping[Hash, NewValue], sent: set[Hash]) -> list[NewValue]:
    """Pick the values that a portion names and that no portion before it has brought."""
    if not values:
        return []
    wanted = dict.fromkeys(hash for task in tasks for hash in task.values if hash in values and hash not in sent)
    sent.update(wanted)
    return [values[hash] for hash in wanted]


def arguments(tasks: Sequence[NewTask], values: Sequence[NewValue], watcher: str, provisional: str) -> list[Argument]:
    """Write one portion as arguments of `submit`, after the queue id."""
    shared = options_text(tasks[0]) if tasks else "{}"
    written: list[Argument] = [watcher, provisional, shared, len(values)]
    for value in values:
        written += (value.hash, b"" if value.data is None else value.data)
    written.append(len(tasks))
    for task in tasks:
        own = "" if task is tasks[0] or _same_options(task, tasks[0]) else options_text(task)
        written += (
            task.id, task.body, own, task.call, len(task.depends_on), *task.depends_on,
            len(task.takes_result_of), *task.takes_result_of, len(task.values), *task.values,
        )  # fmt: skip
    return written


def submitted(tasks: Sequence[NewTask], reply: Reply) -> list[Submitted]:
    """Read the answer to one portion.

    Raises:
        TaskNotFound, ObjectMissing, KeyTaken, ForeignKey: Nothing of the portion was written.
    """
    answer = items(reply)
    if raw(answer[0]) != b"OK":
        raise _refusal(raw(answer[0]), texts(answer[1:]))
    return [_submitted(task, item) for task, item in zip(tasks, answer[1:], strict=True)]


def _submitted(task: NewTask, item: Reply) -> Submitted:
    if isinstance(item, bytes):
        return Submitted(task=task.id, status=STATUSES[item])
    known, status = items(item)
    return Submitted(task=TaskId(text(known)), status=STATUSES[raw(status)], known=True)


def _refusal(word: bytes, details: list[str]) -> Exception:
    if word == b"NO_TASK":
        return TaskNotFound(details, purpose="nothing can depend on it")
    if word == b"NO_VALUE":
        return ObjectMissing(details, "it went between being stored and being submitted; submit again")
    if word == b"KEY_TAKEN":
        return KeyTaken(details[0], TaskId(details[1]))
    if word == b"FOREIGN":
        return ForeignKey(
            f"the key {details[0]!r}, which this queue needs, holds something of another's: choose another name"
        )
    return BackendError(f"submit was answered with {word.decode()}")
