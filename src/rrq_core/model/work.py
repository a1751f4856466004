"""What passes between a worker and the queue: sessions, claims, finishes and what is handed out."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from rrq_core.model.ids import Hash, MessageId, QueueName, TaskId, WorkerId
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.value import NewValue


@frozen(kw_only=True)
class Session:
    """One registration of a worker. Its token fences off everybody else who goes by the same worker id.

    `heartbeat_key`: the key that is to be renewed for it, None for a worker without a heartbeat.
    """

    worker: WorkerId
    token: str
    log_max: int = 10_000
    heartbeat_key: str | None = None


@frozen(kw_only=True)
class Claim:
    """The right of one session to one attempt at a task."""

    session: Session
    task: TaskId
    attempt: int


@frozen(kw_only=True)
class Take:
    """What a worker would take next.

    `queues` in order of priority; none of them: messages only. `task`: just this PENDING one. `idle_status` is what the
    worker becomes when there is nothing.
    """

    queues: tuple[QueueName, ...]
    idle_status: WorkerStatus = WorkerStatus.IDLE
    task: TaskId | None = None


@frozen(kw_only=True)
class Finished:
    """How an attempt ended.

    `retry_in`: seconds until the next attempt, where the error is of a kind that is retried; the store counts and
    decides. `note`: the error in a line. `log`: the tail of what the task printed.
    """

    claim: Claim
    status: TaskStatus
    result: NewValue | Hash | None
    retry_in: float | None = None
    note: str = ""
    log: bytes | None = field(default=None, repr=False)


class FinishReply(StrEnum):
    """What became of a finish.

    NONE: there was none. OK: recorded. RETRY: recorded, and the task will run again. ALREADY: seen before. REFUSED: the
    claim did not hold any more, nothing was recorded.
    """

    NONE = ""
    OK = "OK"
    RETRY = "RETRY"
    ALREADY = "ALREADY"
    REFUSED = "REFUSED"


@frozen(kw_only=True)
class Work:
    """A claimed task with what is needed to run it.

    `values` has the stored values that were small enough to travel along; `results` gives the result's hash for each
    task among the arguments, by the id that was submitted.
    """

    claim: Claim
    root: TaskId
    body: bytes = field(repr=False)
    queue: QueueName
    separate_process: bool
    timeout: float | None
    values: Mapping[Hash, bytes] = field(repr=False)
    results: Mapping[TaskId, Hash]
    checkpoint: Hash | None


@frozen(kw_only=True)
class MessageIn:
    """A message to this worker. It is handed out again until it is answered."""

    id: MessageId
    body: bytes = field(repr=False)


@frozen(kw_only=True)
class Step:
    """The answer to a step: what became of the finish, and what to do next.

    `look_again`: seconds after which a task falls due, or `Queue.recover` may find a worker lost; None where neither is
    to be expected.
    """

    finish: FinishReply
    work: Work | MessageIn | None
    look_again: float | None = None
