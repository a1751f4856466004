"""The port Workers on Redis."""

import json
import secrets
from collections.abc import Iterator, Sequence

import attrs

from rrq_backends.redis.connection import Connections
from rrq_backends.redis.exchange import Argument, Reply
from rrq_backends.redis.keys import QueueKeys
from rrq_backends.redis.replies import items, number, optional_text, raw, text, texts
from rrq_backends.redis.scan import scan_hash
from rrq_backends.redis.scripts import QueueScripts
from rrq_core.errors import Fenced, WorkerIdTaken
from rrq_core.model.ids import QueueName, TaskId, WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session
from rrq_core.model.worker import LogEntry, NewLogEntry, NewWorker, WorkerInfo, WorkerRecord
from rrq_core.ports import Workers

MOST_FORGOTTEN = 250
MOST_LINES = 100_000  # of logs that the server is to have ready at a time, about
LONGEST_LOG = 10_000  # lines, unless a configuration says more


class RedisWorkers(Workers):
    """Workers of one queue id, in Redis or Valkey."""

    def __init__(self, keys: QueueKeys, connections: Connections, scripts: QueueScripts) -> None:
        self._keys = keys
        self._connections = connections
        self._scripts = scripts

    def register(self, worker: NewWorker, token: str | None = None) -> Session:
        terms = worker.heartbeat
        key = None if terms is None else self._keys.worker_part(worker.id, "heartbeat")
        token = token or secrets.token_hex(8)
        session = Session(worker=worker.id, token=token, log_max=worker.log_max, heartbeat_key=key)
        beating = ("", "") if terms is None else (_decimal(terms.period), _decimal(terms.expire))
        info = info_text(attrs.evolve(worker.info, heartbeat_key=key))
        answer = items(
            self._scripts.run("register", worker.id, session.token, info, worker.process_log or "", *beating)
        )
        if raw(answer[0]) == b"TAKEN":
            raise WorkerIdTaken(worker.id, has_heartbeat=number(answer[1]) == 1)
        self._scripts.release(number(answer[1]))
        return session

    def wait(self, session: Session, queues: Sequence[QueueName], timeout: float) -> None:
        own = self._keys.worker_part(session.worker, "wake")
        tokens = [self._keys.wake(name) for name in queues]
        self._connections.blocking([("BLPOP", own, *tokens, f"{max(timeout, 0.001):.3f}")], timeout)

    def leave(self, session: Session, status: WorkerStatus, reason: str, idle: bool = False) -> bool:
        word = "OK" if idle else "ERROR"
        line = ("LOST", reason) if status is WorkerStatus.LOST else ("STOP", f"{word} ({reason})")
        who = (session.worker, session.token)
        answer = items(
            self._scripts.run(
                "leave", *who, status.value, reason, int(idle), session.log_max, line[0], _one_line(line[1])
            )
        )
        if raw(answer[0]) == b"FENCED":
            return False
        self._scripts.release(number(answer[1]))
        return True

    def read(self, workers: Sequence[WorkerId] | None, states: frozenset[WorkerStatus]) -> list[WorkerRecord]:
        wanted = self._every() if workers is None else list(dict.fromkeys(workers))
        if not wanted:
            return []
        hashes = [self._keys.single(f"worker:{field}") for field in ("status", "task", "info", "process")]
        looks: list[Sequence[Argument]] = [("HMGET", hash, *wanted) for hash in hashes]
        looks += [("LINDEX", self._keys.worker_part(worker, "log"), -1) for worker in wanted]
        replies = self._connections.pipeline(looks)
        columns = [items(reply) for reply in replies[:4]]
        rows = zip(wanted, *columns, replies[4:], strict=True)
        return [
            _record(worker, WorkerStatus(text(status)), task, info, process, last)
            for worker, status, task, info, process, last in rows
            if status is not None and WorkerStatus(text(status)) in states
        ]

    def _every(self) -> list[WorkerId]:
        return [WorkerId(id) for id, _ in scan_hash(self._connections, self._keys.single("worker:status"))]

    def forget(self, workers: Sequence[WorkerId], even_silent: bool = False) -> list[WorkerId]:
        forgotten: list[WorkerId] = []
        for first in range(0, len(workers), MOST_FORGOTTEN):
            portion = workers[first : first + MOST_FORGOTTEN]
            left, *gone = items(self._scripts.run("forget", int(even_silent), *portion))
            self._scripts.release(number(left))
            forgotten += [WorkerId(text(id)) for id in gone]
        return forgotten

    def log(self, session: Session, entries: Sequence[NewLogEntry]) -> None:
        lines: list[Argument] = []
        for entry in entries:
            lines += ("" if entry.child is None else entry.child, entry.command, _one_line(entry.message))
        reply = self._scripts.run("log", session.worker, session.token, session.log_max, *lines)
        if raw(reply) == b"FENCED":
            raise Fenced(session.worker)

    def log_tail(self, workers: Sequence[WorkerId], n: int | None) -> list[LogEntry]:
        first = 0 if n is None else -n
        looks = [("LRANGE", self._keys.worker_part(worker, "log"), first, -1) for worker in workers]
        replies = self._connections.pipeline(looks, depth=min(1000, 1 + MOST_LINES // (n or LONGEST_LOG)))
        return [entry for worker, reply in zip(workers, replies, strict=True) for entry in _entries(worker, reply)]

    def time(self) -> float:
        whole, microseconds = items(self._connections.call("TIME"))
        return number(whole) + number(microseconds) / 1e6


def info_text(info: WorkerInfo) -> str:
    """Write a worker's information as JSON."""
    return json.dumps(attrs.asdict(info), ensure_ascii=False)


def _decimal(seconds: float) -> str:
    """Write seconds as people do."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def _one_line(message: str) -> str:
    return " ".join(message.splitlines())


def _record(
    worker: WorkerId, status: WorkerStatus, task: Reply, info: Reply, process: Reply, last: Reply
) -> WorkerRecord:
    held = optional_text(task)
    return WorkerRecord(
        id=worker,
        status=status,
        task=None if held is None else TaskId(held),
        info=None if info is None else WorkerInfo.from_record(json.loads(raw(info))),
        process_log=optional_text(process),
        last_seen=None if last is None else _entry(worker, text(last)).time,
    )


def _entries(worker: WorkerId, reply: Reply) -> Iterator[LogEntry]:
    return (_entry(worker, line) for line in texts(reply))


def _entry(worker: WorkerId, line: str) -> LogEntry:
    stamp, command, message = line.split(" ", 2)
    time, _, child = stamp.partition("/")
    return LogEntry(
        worker_id=worker, child=int(child) if child else None, time=float(time), command=command, message=message
    )
