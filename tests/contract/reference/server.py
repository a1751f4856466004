"""What the reference backend keeps: plain records in dicts, one lock, one condition for all who wait."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from attrs import Factory, define

from rrq_core.model.ids import GroupName, Hash, MessageId, QueueId, QueueName, Tag, TaskId, WatcherId, WorkerId
from rrq_core.model.setting import SettingName
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import Attempt, Ended, NewTask, Reason
from rrq_core.model.worker import LogEntry, NewWorker

_P = ParamSpec("_P")
_T = TypeVar("_T")


@define(kw_only=True)
class Task:
    """A task as it stands. `waits_for`: leaves of chains that are not COMPLETE; `arguments`: results kept for it."""

    new: NewTask
    root: TaskId
    submit: float
    status: TaskStatus = TaskStatus.DEFERRED
    start: float | None = None
    complete: float | None = None
    moved: float | None = None
    moved_to: TaskId | None = None
    worker: WorkerId | None = None
    attempts: list[Attempt] = Factory(list)
    claims: int = 0
    errors: int = 0
    losses: int = 0
    waits_for: set[TaskId] = Factory(set)
    arguments: dict[TaskId, Hash] = Factory(dict)
    watchers: list[WatcherId] = Factory(list)
    due: float | None = None
    expire: float | None = None
    is_asked_to_stop: bool = False
    result: Hash | None = None
    checkpoint: Hash | None = None
    progress: bytes | None = None
    pid: int | None = None
    logfile: str | None = None
    log: bytes | None = None
    reason: Reason | None = None

    @property
    def id(self) -> TaskId:
        return self.new.id


@define(kw_only=True)
class Worker:
    """A worker as it stands.

    `key`: that of its heartbeat; `late`: for how many seconds that was seen to be overdue; `left`: the session that it
    ended itself.
    """

    new: NewWorker
    token: str | None
    key: str | None = None
    status: WorkerStatus = WorkerStatus.IDLE
    task: TaskId | None = None
    late: float | None = None
    left: str | None = None
    is_poked: bool = False
    messages: list[tuple[MessageId, bytes]] = Factory(list)
    answers: dict[MessageId, bytes] = Factory(dict)
    log: list[LogEntry] = Factory(list)


@define(kw_only=True)
class Shelf:
    """The values of one object store.

    `names`: where values lie in the offload, and how long they are; `doomed`, `provisional`: since when.
    """

    data: dict[Hash, bytes] = Factory(dict)
    names: dict[Hash, tuple[str, int]] = Factory(dict)
    tags: dict[Tag, set[Hash]] = Factory(lambda: defaultdict(set))
    doomed: dict[str, float] = Factory(dict)
    provisional: dict[Tag, float] = Factory(dict)

    def has(self, value: Hash) -> bool:
        return value in self.data or value in self.names

    def untag(self, tag: Tag, now: float) -> tuple[list[Hash], list[str]]:
        """Take a tag away with the values that only it had: their hashes, and their names to delete."""
        self.provisional.pop(tag, None)
        mine = self.tags.pop(tag, set())
        gone = [value for value in sorted(mine) if not any(value in others for others in self.tags.values())]
        names = [self.names.pop(value)[0] for value in gone if value in self.names]
        for value in gone:
            self.data.pop(value, None)
        self.doomed.update(dict.fromkeys(names, now))
        return gone, names


@define(kw_only=True)
class Space:
    """All of one queue id."""

    tasks: dict[TaskId, Task] = Factory(dict)
    queues: dict[QueueName, list[TaskId]] = Factory(lambda: defaultdict(list))
    keys: dict[tuple[GroupName | None, str], TaskId] = Factory(dict)
    groups: dict[GroupName, list[TaskId]] = Factory(lambda: defaultdict(list))
    inboxes: dict[WatcherId, list[Ended]] = Factory(lambda: defaultdict(list))
    workers: dict[WorkerId, Worker] = Factory(dict)
    settings: dict[SettingName, bytes] = Factory(dict)
    schema: str | None = None
    controllers: list[bytes] = Factory(list)
    last_message: int = 0
    recovered: float = 0.0
    collected: float = 0.0
    expires: float | None = None


class Server:
    """A store for any number of queue ids. Every call holds the one lock, and rouses all who wait when it is over."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.shelves: dict[str, Shelf] = defaultdict(Shelf)
        self.beats: dict[str, float] = {}
        self.signals: dict[str, list[int]] = defaultdict(list)
        self._spaces: dict[QueueId, Space] = {}
        self._last = 0.0

    def now(self) -> float:
        """The time, which never steps back."""
        self._last = max(self._last, time.time())
        return self._last

    def space(self, queue_id: QueueId) -> Space:
        """Give what there is of a queue id; an empty space if it has expired, or never was."""
        space = self._spaces.setdefault(queue_id, Space())
        if space.expires is not None and self.now() >= space.expires:
            self.clear(queue_id)
            return self.space(queue_id)
        return space

    def clear(self, queue_id: QueueId) -> None:
        """Forget all of a queue id."""
        for worker in self._spaces.pop(queue_id, Space()).workers.values():
            self.stop_beat(worker)
        self.shelves.pop(shelf_of(queue_id), None)

    def is_beating(self, worker: Worker) -> bool:
        """Whether a worker's heartbeat, if it has one, has not lapsed."""
        return worker.key is None or self.remaining(worker.key) is not None

    def remaining(self, key: str) -> float | None:
        """Seconds until a heartbeat lapses."""
        left = self.beats.get(key, 0.0) - self.now()
        return left if left > 0 else None

    def stop_beat(self, worker: Worker) -> None:
        """Clear a worker's heartbeat, and the signals that were left for it."""
        if worker.key is not None:
            self.beats.pop(worker.key, None)
            self.signals.pop(worker.key, None)


def shelf_of(queue_id: QueueId) -> str:
    """Name the shelf of a queue's own values; those of public stores go by their prefix."""
    return f"{queue_id}:object_store"


class _HasServer(Protocol):
    @property
    def server(self) -> Server: ...


_S = TypeVar("_S", bound=_HasServer)


def atomic(method: Callable[Concatenate[_S, _P], _T]) -> Callable[Concatenate[_S, _P], _T]:
    """Make a call one transition."""

    @wraps(method)
    def inside(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with self.server.changed:
            try:
                return method(self, *args, **kwargs)
            finally:
                self.server.changed.notify_all()

    return inside
