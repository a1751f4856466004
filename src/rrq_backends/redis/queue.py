"""The port Queue on Redis."""

import secrets
from collections.abc import Iterator, Sequence

from rrq_backends.redis import reading, stepping, submitting
from rrq_backends.redis.checking import Checker
from rrq_backends.redis.connection import Connections
from rrq_backends.redis.destroying import destroy_queue
from rrq_backends.redis.exchange import Argument, Reply
from rrq_backends.redis.keys import QueueKeys
from rrq_backends.redis.replies import items, number, optional_text, pairs, raw, text, texts
from rrq_backends.redis.scan import scan_hash
from rrq_backends.redis.scripts import QueueScripts
from rrq_core.errors import BackendError, NotRetriable, ObjectMissing, TaskInUse, TaskNotFound
from rrq_core.model.ids import GroupName, Hash, QueueName, Tag, TaskId, WatcherId, WorkerId
from rrq_core.model.report import Recovered, Violation
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import (
    Cancelled,
    CancelReply,
    Ended,
    NewRetry,
    NewTask,
    Standing,
    Submitted,
    TaskChange,
    TaskField,
    TaskRecord,
    Told,
    Waiting,
)
from rrq_core.model.value import Dropped, NewValue
from rrq_core.model.work import Claim, Finished, Session, Step, Take
from rrq_core.ports import Queue

RECOVER_LIMIT = 100
MOST_READ = 500
MOST_WATCHED = 1000
MOST_DELETED = 250
MOST_ENDED = 1000


class RedisQueue(Queue):
    """Tasks of one queue id, in Redis or Valkey."""

    def __init__(self, keys: QueueKeys, connections: Connections, scripts: QueueScripts) -> None:
        self._keys = keys
        self._connections = connections
        self._scripts = scripts
        self._told: dict[WatcherId, Sequence[TaskId]] = {}  # whose completion keys go at the next look

    def submit(
        self,
        tasks: Sequence[NewTask],
        values: Sequence[NewValue] = (),
        *,
        watcher: WatcherId | None = None,
        provisional: Tag | None = None,
    ) -> list[Submitted]:
        brought, sent = {value.hash: value for value in values}, set[Hash]()
        cut = list(submitting.portions(tasks))
        last = cut[-1]
        written = (
            submitting.arguments(
                portion,
                submitting.values_of(portion, brought, sent),
                watcher or "",
                provisional if provisional and portion is last else "",
            )
            for portion in cut
        )
        replies = self._scripts.run_each("submit", written)
        answers = (submitting.submitted(portion, reply) for portion, reply in zip(cut, replies, strict=True))
        return [each for answer in answers for each in answer]

    def step(self, session: Session, finished: Finished | None = None, take: Take | None = None) -> Step:
        reply = self._scripts.run("step", *stepping.arguments(session, finished, take))
        step, left = stepping.step(session, reply)
        self._scripts.release(left)
        return step

    def update(self, claim: Claim, change: TaskChange) -> Told:
        fields: list[Argument] = []
        for name, value in (("progress", change.progress), ("pid", change.pid), ("logfile", change.logfile)):
            if value is not None:
                fields += (name, value)
        if change.checkpoint is not None:
            fields += ("checkpoint", *stepping.result_arguments(change.checkpoint))
        session = claim.session
        told = self._scripts.run("update", session.worker, session.token, claim.task, claim.attempt, *fields)
        standing, *names = texts(told)
        return Told(standing=Standing(standing), names=tuple(names))

    def cancel(self, task: TaskId) -> Cancelled:
        answer = items(self._scripts.run("cancel", secrets.token_hex(8), task))
        if raw(answer[0]) == b"NO_TASK":
            raise TaskNotFound([task], self._keys.queue_id)
        self._scripts.release(number(answer[2]))
        return Cancelled(reply=CancelReply(text(answer[0])), status=TaskStatus(text(answer[1])))

    def retry(self, retries: Sequence[NewRetry]) -> list[TaskStatus]:
        if not retries:
            return []
        wanted = [part for retry in retries for part in _retry_arguments(retry)]
        answer = self._scripts.run_settled("retry", *wanted)
        word = raw(answer[0])
        if word != b"OK":
            raise _retry_refusal(word, texts(answer[1:]), self._keys.queue_id)
        self._scripts.release(number(answer[1]))
        return [TaskStatus(text(status)) for status in answer[2:]]

    def delete(self, tasks: Sequence[TaskId], even_running: bool = False, even_needed: bool = False) -> Dropped:
        dropped: list[list[Reply]] = []
        whole = len(tasks) <= MOST_DELETED
        if not whole:
            self._refuse_deletion(tasks, even_running, even_needed)
        for first in range(0, len(tasks), MOST_DELETED):
            portion = tasks[first : first + MOST_DELETED]
            answer = self._scripts.run_settled("delete", int(even_running), int(even_needed or not whole), *portion)
            if raw(answer[0]) != b"OK":
                raise _deletion_refusal(raw(answer[0]), texts(answer[1:]))
            dropped.append(answer[1:])
        gone, hashes, names = ([part for answer in dropped for part in texts(answer[at])] for at in range(3))
        return Dropped(
            tasks=tuple(TaskId(id) for id in gone), hashes=tuple(Hash(hash) for hash in hashes), names=tuple(names)
        )

    def _refuse_deletion(self, tasks: Sequence[TaskId], even_running: bool, even_needed: bool) -> None:
        """Look at all before the first of several portions is deleted."""
        self._scripts.release(left=1)  # a retried task is needed under its new id when that is done
        fields = frozenset({TaskField.STATUS, TaskField.DEPENDENCIES})
        leaves = [record for record in self.read(tasks, fields, follow=True) if record is not None]
        inside = {record.id for record in leaves}
        needed: dict[TaskId, TaskId] = {}
        for record in leaves:
            if record.status is TaskStatus.RUNNING and not even_running:
                raise _deletion_refusal(b"RUNNING", [record.id])
            needed.update((child, record.id) for child in record.needed_by or () if child not in inside)
        if even_needed or not needed:
            return
        for child in self.read(list(needed), frozenset({TaskField.STATUS}), follow=False):
            if child is not None and child.status is TaskStatus.DEFERRED:
                raise _deletion_refusal(b"NEEDED", [needed[child.id], child.id])

    def remove(self, tasks: Sequence[TaskId], queue: QueueName) -> list[bool]:
        removed: list[bool] = []
        for first in range(0, len(tasks), MOST_READ):
            answer = items(self._scripts.run("remove", secrets.token_hex(8), queue, *tasks[first : first + MOST_READ]))
            self._scripts.release(number(answer[0]))
            removed += [number(one) == 1 for one in answer[1:]]
        return removed

    def read(self, tasks: Sequence[TaskId], fields: frozenset[TaskField], follow: bool) -> list[TaskRecord | None]:
        found: list[TaskRecord | None] = []
        for first in range(0, len(tasks), MOST_READ):
            portion = tasks[first : first + MOST_READ]
            found += reading.records(fields, self._scripts.run("read", *reading.arguments(portion, fields, follow)))
        return found

    def tasks(self, status: TaskStatus | None = None) -> Iterator[TaskId]:
        wanted = None if status is None else status.value.encode()
        for id, found in scan_hash(self._connections, self._keys.task_field("status")):
            if wanted is None or found == wanted:
                yield TaskId(id)

    def waiting(self, queue: QueueName, start: int = 0, stop: int | None = None) -> Waiting:
        key = self._keys.queue(queue)
        last = -1 if stop is None else stop - 1
        if stop is not None and 0 <= stop <= start:
            return Waiting(total=number(self._connections.call("LLEN", key)), tasks=())
        total, ids = self._connections.pipeline([("LLEN", key), ("LRANGE", key, start, last)])
        return Waiting(total=number(total), tasks=tuple(TaskId(id) for id in texts(ids)))

    def group(self, name: GroupName) -> list[TaskId]:
        return [TaskId(id) for id in texts(self._connections.call("ZRANGE", self._keys.group(name), 0, -1))]

    def watch(self, watcher: WatcherId, tasks: Sequence[TaskId]) -> list[Ended]:
        over: list[Ended] = []
        for first in range(0, len(tasks), MOST_WATCHED):
            reply = self._scripts.run("watch", watcher, *tasks[first : first + MOST_WATCHED])
            over += [Ended(task=TaskId(text(id)), status=TaskStatus(text(status))) for id, status in pairs(reply)]
        return over

    def ended(self, watcher: WatcherId, timeout: float) -> list[Ended]:
        inbox = self._keys.inbox(watcher)
        commands: list[Sequence[Argument]] = [
            ("BLPOP", inbox, f"{max(timeout, 0.001):.3f}"),
            ("LPOP", inbox, MOST_ENDED),
        ]
        if told := self._told.pop(watcher, ()):
            commands.insert(0, ("UNLINK", *(self._keys.complete(task) for task in told)))
        *_, first, rest = self._connections.blocking(commands, timeout)
        # Also when the first found nothing in time, the second may: what came in between.
        arrived = [] if first is None else [items(first)[1]]
        notes = map(reading.ended, map(raw, dict.fromkeys([*arrived, *items(rest)])))
        over = [news for news in notes if news is not None]
        self._told[watcher] = [one.task for one in over]
        return over

    def recover(self, now: bool = False) -> Recovered:
        answer = items(self._scripts.run("recover", RECOVER_LIMIT, int(now)))
        if raw(answer[0]) != b"OK":
            return Recovered(is_gone=raw(answer[0]) == b"GONE")
        lost, requeued, died, due, expired, names, collect_due, left = answer[1:]
        self._scripts.release(number(left))
        return Recovered(
            lost={WorkerId(text(worker)): _task_or_none(task) for worker, task in pairs(lost)},
            requeued=_ids(requeued),
            died=_ids(died),
            due=_ids(due),
            expired=_ids(expired),
            names=tuple(texts(names)),
            collect_due=number(collect_due) == 1,
        )

    def check(self, repair: bool = False) -> list[Violation]:
        return Checker(self._keys, self._connections, self._scripts).check(repair)

    def destroy(self, after: float = 0.0) -> None:
        destroy_queue(self._keys, self._connections, after)


def _ids(reply: Reply) -> tuple[TaskId, ...]:
    return tuple(TaskId(id) for id in texts(reply))


def _task_or_none(reply: Reply) -> TaskId | None:
    id = optional_text(reply)
    return None if id is None else TaskId(id)


def _retry_arguments(retry: NewRetry) -> list[Argument]:
    return [retry.task, retry.new, retry.queue or "", retry.body or b"", len(retry.values), *retry.values]


def _retry_refusal(word: bytes, details: list[str], queue_id: str) -> Exception:
    if word == b"NO_TASK":
        return TaskNotFound(details, queue_id)
    if word == b"NO_VALUE":
        return ObjectMissing(details, "it went between being stored and being named by a retry; retry again")
    if word == b"TWICE":
        return NotRetriable(f"task {details[0]} is asked to be retried twice at once; once is enough")
    if word == b"LOST":
        return NotRetriable(f"task {details[0]} waited for {details[1]}, which was deleted: submit it anew")
    if word == b"NOT_ENDED":
        task, leaf, status = details
        which = f"task {task}" if task == leaf else f"task {task} (now {leaf})"
        remedy = "retry what it depends on, or submit it anew if that was deleted"
        if status != "IMPOSSIBLE":
            remedy = "wait for it, or cancel it first"
        return NotRetriable(f"{which} cannot be retried, it is {status}: {remedy}")
    return BackendError(f"retry was answered with {word.decode()}")


def _deletion_refusal(word: bytes, details: list[str]) -> Exception:
    if word == b"RUNNING":
        return TaskInUse(
            f"task {details[0]} is running, so nothing was deleted: wait for it, cancel it, or pass check=False"
        )
    if word == b"NEEDED":
        return TaskInUse(
            f"task {details[0]} is needed by the deferred task {details[1]}, so nothing was deleted: delete both, "
            "or pass check=False and the other becomes IMPOSSIBLE"
        )
    return BackendError(f"delete was answered with {word.decode()}")
