"""Workers: who they are, what they write in their log, how they prove that they live."""

from collections.abc import Mapping
from typing import Any

from attrs import field, fields, frozen

from rrq_core.model.ids import QueueName, TaskId, WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session


@frozen(kw_only=True)
class WorkerInfo:
    """Where and with what a worker runs. `heartbeat_key` is filled in by the store.

    `process_start` tells its process from others that have had its `pid` on that host since its boot; `instance` tells
    the worker from others that have had its id.
    """

    host: str
    pid: int
    process_start: str
    boot_id: str
    username: str
    platform: str
    python: str
    rrq: str
    config: str
    queues: tuple[QueueName, ...]
    cwd: str
    libraries: Mapping[str, str] = field(factory=dict)
    instance: str = ""
    heartbeat_key: str | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "WorkerInfo":
        """Make it of what was read as JSON. What a later version tells besides is left out."""
        known = {name: value for name, value in record.items() if name in {each.name for each in fields(cls)}}
        return cls(**{**known, "queues": tuple(record["queues"])})


@frozen(kw_only=True)
class HeartbeatTerms:
    """The promise to renew a worker's key each `period` seconds, so that it never lapses after `expire` seconds."""

    period: float
    expire: float


@frozen(kw_only=True)
class NewWorker:
    """A worker that registers. `process_log` is the path of what its process prints."""

    id: WorkerId
    queues: tuple[QueueName, ...]
    info: WorkerInfo
    heartbeat: HeartbeatTerms | None = None
    process_log: str | None = None
    log_max: int = 10_000


@frozen(kw_only=True)
class WorkerRecord:
    """What is known of a worker. `last_seen`: time of the last line of its log."""

    id: WorkerId
    status: WorkerStatus
    task: TaskId | None
    info: WorkerInfo | None
    process_log: str | None = None
    last_seen: float | None = None

    @property
    def has_heartbeat(self) -> bool:
        """Whether it has told of a heartbeat; without one nobody finds out that it is gone without a word."""
        return self.info is not None and self.info.heartbeat_key is not None


@frozen(kw_only=True)
class NewLogEntry:
    """A line for a worker's log; the store adds the time. `child` is the process id of a separate process."""

    command: str
    message: str = ""
    child: int | None = None


@frozen(kw_only=True)
class LogEntry:
    """A line of a worker's log. `time` is in unix seconds of the server's clock."""

    worker_id: WorkerId
    child: int | None
    time: float
    command: str
    message: str


@frozen(kw_only=True)
class Beat:
    """One renewal of a heartbeat key: it lapses after `expire` seconds; 0 clears it.

    With a session, it is the key of that worker, and is renewed only while the session holds.
    """

    key: str
    expire: float
    value: str
    session: Session | None = None
