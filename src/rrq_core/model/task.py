"""Tasks: what is submitted, what is known of each, and what the transitions answer."""

from datetime import UTC, datetime
from enum import Enum, StrEnum, auto

from attrs import field, frozen

from rrq_core.model.ids import GroupName, Hash, QueueName, TaskId, WorkerId
from rrq_core.model.status import OnLost, TaskStatus
from rrq_core.model.value import Buffer, NewValue, Stored


@frozen(kw_only=True)
class NewTask:
    """A task to submit.

    `call` is a hash of the function and its plain arguments, by which two submissions under one `key` are told apart.
    `depends_on` are all tasks that must be COMPLETE first; the results of those in `takes_result_of` are arguments.
    `values` are the hashes of stored values that the body names. `delay` and `result_ttl` are in seconds.
    """

    id: TaskId
    body: bytes = field(repr=False)
    queue: QueueName
    separate_process: bool = False
    timeout: float | None = None
    depends_on: tuple[TaskId, ...] = ()
    takes_result_of: tuple[TaskId, ...] = ()
    values: tuple[Hash, ...] = ()
    on_lost: OnLost = OnLost.DIED
    max_attempts: int = 3
    retries: int = 0
    delay: float = 0.0
    key: str | None = None
    call: str = ""
    group: GroupName | None = None
    result_ttl: float | None = None
    front: bool = False


@frozen(kw_only=True)
class Submitted:
    """The answer for one submitted task; `known` when it, or another under its key, was there before."""

    task: TaskId
    status: TaskStatus
    known: bool = False


class TaskField(Enum):
    """What `Queue.read` is asked for; each fills the fields of `TaskRecord` that its comment names."""

    STATUS = auto()  # status
    QUEUE = auto()  # queue
    WORKER = auto()  # worker, attempt
    PROCESS = auto()  # separate_process, timeout, pid, logfile
    RESULT = auto()  # result
    VALUE = auto()  # result, value
    PROGRESS = auto()  # progress
    LOG = auto()  # log
    REASON = auto()  # reason
    BODY = auto()  # body
    TIMES = auto()  # times
    MOVED = auto()  # moved_to, moved_root
    DEPENDENCIES = auto()  # depends_on, waits_for, needed_by
    DUE = auto()  # due
    ATTEMPTS = auto()  # attempts


@frozen(kw_only=True)
class TaskTimes:
    """When a task was submitted, started, ended and moved: unix seconds by the server, None if not reached."""

    submit: float | None = None
    start: float | None = None
    complete: float | None = None
    moved: float | None = None

    def as_datetime(self) -> "dict[str, datetime | None]":
        """Give the four times as aware datetimes (UTC), by name."""
        return {
            name: None if seconds is None else datetime.fromtimestamp(seconds, UTC)
            for name, seconds in (
                ("submit", self.submit),
                ("start", self.start),
                ("complete", self.complete),
                ("moved", self.moved),
            )
        }


@frozen(kw_only=True)
class Attempt:
    """One claim of a task by a worker: when it began and ended, with which status and, in a line, which error."""

    number: int
    worker: WorkerId
    start: float
    end: float | None = None
    status: TaskStatus | None = None
    error: str | None = None


@frozen(kw_only=True)
class Reason:
    """Why a task ended without a worker to speak for it: a short word, and whom or what it is about."""

    kind: str
    detail: str = ""


@frozen(kw_only=True)
class TaskRecord:
    """What is known of a task. None: not asked for, or not reached."""

    id: TaskId
    status: TaskStatus | None = None
    queue: QueueName | None = None
    worker: WorkerId | None = None
    attempt: int | None = None
    separate_process: bool | None = None
    timeout: float | None = None
    result: Hash | None = None
    value: Stored | None = field(default=None, repr=False)
    progress: bytes | None = field(default=None, repr=False)
    pid: int | None = None
    logfile: str | None = None
    log: bytes | None = field(default=None, repr=False)
    reason: Reason | None = None
    body: bytes | None = field(default=None, repr=False)
    times: TaskTimes | None = None
    moved_to: TaskId | None = None
    moved_root: TaskId | None = None
    depends_on: tuple[TaskId, ...] | None = None
    waits_for: tuple[TaskId, ...] | None = None
    needed_by: tuple[TaskId, ...] | None = None
    due: float | None = None
    attempts: tuple[Attempt, ...] | None = None


@frozen(kw_only=True)
class TaskChange:
    """What a running task tells of itself; a change without fields only asks how the claim stands."""

    progress: bytes | None = field(default=None, repr=False)
    pid: int | None = None
    logfile: str | None = None
    checkpoint: NewValue | Hash | None = None


class Standing(StrEnum):
    """How a claim stands: still held, asked to stop, or gone to somebody else."""

    HELD = "HELD"
    CANCEL = "CANCEL"
    GONE = "GONE"


@frozen(kw_only=True)
class Told:
    """What became of news of a running task: how its claim stands, and the offload names to delete."""

    standing: Standing
    names: tuple[str, ...] = ()


class CancelReply(StrEnum):
    """What cancelling did.

    DONE: the task is CANCELLED. ASKED: its worker was told to stop it. LOCAL: it runs inside its worker and cannot be
    stopped. OVER: it had ended before.
    """

    DONE = "DONE"
    ASKED = "ASKED"
    LOCAL = "LOCAL"
    OVER = "OVER"


@frozen(kw_only=True)
class Cancelled:
    """The answer to a cancel, with the task's status after it."""

    reply: CancelReply
    status: TaskStatus


@frozen(kw_only=True)
class NewRetry:
    """A task to run again under a new id. `task` is any of its chain; `queue` None keeps the queue it had.

    `body`: what all of the chain is to run from now on, bound to its first; None keeps what it has. `values` are the
    hashes of stored values that the new body names.
    """

    task: TaskId
    new: TaskId
    queue: QueueName | None = None
    body: bytes | None = field(default=None, repr=False)
    values: tuple[Hash, ...] = ()


@frozen(kw_only=True)
class Ended:
    """A task that is over, for whoever watched it; MISSING when it was deleted or never was.

    `value`: the bytes of its result, where the news of its completion brought them along.
    """

    task: TaskId
    status: TaskStatus
    value: Buffer | None = field(default=None, repr=False, eq=False)


@frozen(kw_only=True)
class Waiting:
    """A slice of a queue list, next to run first, and how many wait in all."""

    total: int
    tasks: tuple[TaskId, ...]
