"""The reference `Workers`, `Messages` and `Heartbeat`."""

import math
import secrets
import time
from collections.abc import Mapping, Sequence

from attrs import evolve

from rrq_core.errors import Fenced, WorkerIdTaken, WorkerNotFound
from rrq_core.model.ids import MessageId, QueueName, WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.task import Reason
from rrq_core.model.work import Session
from rrq_core.model.worker import Beat, LogEntry, NewLogEntry, NewWorker, WorkerRecord
from rrq_core.ports import Heartbeat, Messages, Workers
from tests.contract.reference.server import Worker, atomic
from tests.contract.reference.transitions import Transitions

LAPSED = "its heartbeat had lapsed, and its id was taken over"


class ReferenceWorkers(Workers):
    """Workers of one queue id, in a dict."""

    def __init__(self, moves: Transitions) -> None:
        self.moves = moves
        self.server = moves.server

    @atomic
    def register(self, worker: NewWorker, token: str | None = None) -> Session:
        workers = self.moves.space.workers
        before = workers.get(worker.id)
        if before is not None and before.token is not None:
            if self.server.is_beating(before):
                raise WorkerIdTaken(worker.id)
            self.moves.log(before, "LOST", LAPSED)
            self._settle(before, WorkerStatus.LOST, LAPSED)
        token = token or secrets.token_hex(8)
        now = Worker(new=worker, token=token, key=self._begin_to_beat(worker))
        if before is not None:
            now.log, now.answers = before.log, before.answers
        workers[worker.id] = now
        return Session(worker=worker.id, token=token, log_max=worker.log_max, heartbeat_key=now.key)

    def _begin_to_beat(self, worker: NewWorker) -> str | None:
        key = f"heartbeat of {worker.id} in {self.moves.queue_id}"
        self.server.signals.pop(key, None)
        if worker.heartbeat is None:
            return None
        self.server.beats[key] = self.server.now() + worker.heartbeat.expire
        return key

    def _settle(self, worker: Worker, status: WorkerStatus, reason: str) -> None:
        if worker.task is not None:
            kind = "lost" if status is WorkerStatus.LOST else "left"
            detail = f"{worker.new.id}: {reason}" if reason else worker.new.id
            self.moves.lose(self.moves.space.tasks[worker.task], Reason(kind=kind, detail=detail))
        self.moves.sign_off(worker, status)

    def wait(self, session: Session, queues: Sequence[QueueName], timeout: float) -> None:
        deadline = math.inf if math.isinf(timeout) else time.monotonic() + timeout
        with self.server.changed:
            while not self._may_have_work(session, queues) and time.monotonic() < deadline:
                self.server.changed.wait(self._longest_sleep(queues, deadline - time.monotonic()))
            if session.worker in self.moves.space.workers:
                self.moves.space.workers[session.worker].is_poked = False

    def _may_have_work(self, session: Session, queues: Sequence[QueueName]) -> bool:
        try:
            worker = self.moves.worker_of(session)
        except Fenced:
            return True
        is_due = any(wait <= 0 for wait in self._waits(queues))
        are_waiting = any(self.moves.space.queues[name] for name in queues)
        return bool(worker.messages) or worker.is_poked or is_due or are_waiting

    def _waits(self, queues: Sequence[QueueName]) -> list[float]:
        """Seconds until each task of these queues that waits for a time is due."""
        now = self.server.now()
        tasks = self.moves.space.tasks.values()
        return [task.due - now for task in tasks if task.due is not None and task.new.queue in queues]

    def _longest_sleep(self, queues: Sequence[QueueName], seconds: float) -> float | None:
        """Sleep no longer than to the time when a task of these queues is due."""
        longest = max(0.001, min([seconds, *self._waits(queues)]))
        return None if math.isinf(longest) else longest

    @atomic
    def leave(self, session: Session, status: WorkerStatus, reason: str, idle: bool = False) -> bool:
        try:
            worker = self.moves.worker_of(session)
        except Fenced:
            known = self.moves.space.workers.get(session.worker)
            return known is not None and known.left == session.token
        worker.left = session.token
        if idle and worker.task is not None:
            self.moves.unstart(self.moves.space.tasks[worker.task])
        self.moves.log(worker, "LOST" if status is WorkerStatus.LOST else "STOP", reason)
        self._settle(worker, status, reason)
        return True

    @atomic
    def read(self, workers: Sequence[WorkerId] | None, states: frozenset[WorkerStatus]) -> list[WorkerRecord]:
        known = self.moves.space.workers
        wanted = known if workers is None else [name for name in workers if name in known]
        return [self._record(known[name]) for name in wanted if known[name].status in states]

    def _record(self, worker: Worker) -> WorkerRecord:
        return WorkerRecord(
            id=worker.new.id,
            status=worker.status,
            task=worker.task,
            info=evolve(worker.new.info, heartbeat_key=worker.key),
            process_log=worker.new.process_log,
            last_seen=worker.log[-1].time if worker.log else None,
        )

    @atomic
    def forget(self, workers: Sequence[WorkerId], even_silent: bool = False) -> list[WorkerId]:
        known = self.moves.space.workers
        gone = [name for name in dict.fromkeys(workers) if name in known and _is_gone(known[name], even_silent)]
        for name in gone:
            self._settle(known[name], WorkerStatus.LOST, "it had no heartbeat, and was deleted")
            del known[name]
        return gone

    @atomic
    def log(self, session: Session, entries: Sequence[NewLogEntry]) -> None:
        worker = self.moves.worker_of(session)
        for entry in entries:
            self.moves.log(worker, entry.command, entry.message, entry.child)

    @atomic
    def log_tail(self, workers: Sequence[WorkerId], n: int | None) -> list[LogEntry]:
        known = self.moves.space.workers
        logs = [known[name].log for name in workers if name in known]
        return [entry for log in logs for entry in log[0 if n is None else max(0, len(log) - n) :]]

    def time(self) -> float:
        return self.server.now()


def _is_gone(worker: Worker, even_silent: bool) -> bool:
    return not worker.status.is_active or (even_silent and worker.new.heartbeat is None)


class ReferenceMessages(Messages):
    """Messages of one queue id, each with its worker."""

    def __init__(self, moves: Transitions) -> None:
        self.moves = moves
        self.server = moves.server

    @atomic
    def send(self, body: bytes, workers: Sequence[WorkerId]) -> MessageId:
        space = self.moves.space
        if strangers := [name for name in workers if name not in space.workers or space.workers[name].token is None]:
            raise WorkerNotFound(f"no active worker has the id {strangers[0]!r}")
        space.last_message = max(space.last_message + 1, int(self.server.now() * 1e6))
        message = MessageId(f"{space.last_message // 10**6}.{space.last_message % 10**6:06d}")
        for name in dict.fromkeys(workers):
            space.workers[name].messages.append((message, body))
        return message

    @atomic
    def answer(self, session: Session, message: MessageId, body: bytes, status: WorkerStatus | None = None) -> bool:
        worker = self.moves.worker_of(session)
        open_messages = [(name, sent) for name, sent in worker.messages if name != message]
        if len(open_messages) == len(worker.messages):
            return False
        worker.messages = open_messages
        worker.answers[message] = body
        worker.status = worker.status if status is None else status
        return True

    @atomic
    def answers(
        self, message: MessageId | None, workers: Sequence[WorkerId], delete: bool
    ) -> Mapping[WorkerId, Mapping[MessageId, bytes]]:
        found: dict[WorkerId, dict[MessageId, bytes]] = {}
        for name in workers:
            kept = self.moves.space.workers[name].answers if name in self.moves.space.workers else {}
            mine = {sent: body for sent, body in kept.items() if message in (None, sent)}
            if mine:
                found[name] = mine
            for sent in mine if delete else ():
                del kept[sent]
        return found


class ReferenceHeartbeat(Heartbeat):
    """Keys that lapse, whoever they belong to."""

    def __init__(self, moves: Transitions) -> None:
        self.moves = moves
        self.server = moves.server

    @atomic
    def beat(self, beats: Sequence[Beat]) -> list[bool]:
        return [self._renew(beat) for beat in beats]

    def _renew(self, beat: Beat) -> bool:
        if beat.session is not None:
            try:
                self.moves.worker_of(beat.session).late = None
            except Fenced:
                return False
        self.server.beats[beat.key] = self.server.now() + beat.expire
        return True

    @atomic
    def remaining(self, keys: Sequence[str]) -> list[float | None]:
        return [self.server.remaining(key) for key in keys]

    @atomic
    def signal(self, key: str, signal: int) -> None:
        self.server.signals[key].append(signal)

    def signals(self, keys: Sequence[str], timeout: float) -> list[tuple[str, int]]:
        with self.server.changed:
            self.server.changed.wait_for(lambda: any(self.server.signals.get(key) for key in keys), timeout)
            return [(key, signal) for key in keys for signal in self.server.signals.pop(key, [])]
