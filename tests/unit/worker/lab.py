"""A queue in memory for one test, and workers that run in the test's own thread until there is nothing left to do."""

from collections.abc import Callable

from attrs import evolve, field, frozen

from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import QueueName, TaskId, WorkerId, new_task_id
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import NewTask, TaskField, TaskRecord
from rrq_core.model.worker import WorkerInfo
from rrq_core.payload import (
    CallEncoder,
    Context,
    Failure,
    PayloadKind,
    decode_failure,
    decode_json,
    decode_value,
    encode_json,
)
from rrq_core.payload.answer import decode_answer
from rrq_core.ports import Backend
from rrq_core.worker import WorkerLoop, WorkerSetup

FIELDS = frozenset({TaskField.STATUS, TaskField.WORKER, TaskField.VALUE})
SOON = 0.05
"""The idle time-out of the tests' workers: they leave as soon as everything is done."""


class Altered:
    """A port, some of whose methods are others."""

    def __init__(self, port: object, **methods: Callable[..., object]) -> None:
        self._port = port
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)


@frozen(kw_only=True)
class Lab:
    """One queue in memory. `backend` may be altered (`attrs.evolve`); the queue behind it stays the same."""

    backend: Backend
    printed: list[str] = field(factory=list)

    def submit(self, function: Callable[..., object], *args: object, queue: str = "default") -> TaskId:
        task = new_task_id()
        call = CallEncoder(function, self.backend.queue_id).encode(task, args, {})
        values = tuple(value.hash for value in call.values)
        new = NewTask(id=task, body=call.body, queue=QueueName(queue), values=values, call=call.call)
        self.backend.queue.submit([new], call.values)
        return task

    def loop(self, worker: str = "w", **config: object) -> WorkerLoop:
        chosen = WorkerConfig(**{"timeout_idle": SOON, **config})
        setup = WorkerSetup(
            queue_id=self.backend.queue_id,
            url=self.backend.url,
            worker_id=WorkerId(worker),
            config_name="localhost",
            config=chosen,
        )
        return WorkerLoop(self.backend, setup, printer=self.printed.append)

    def work(self, worker: str = "w", **config: object) -> None:
        self.loop(worker, **config).run()

    def altered(self, **ports: dict[str, Callable[..., object]]) -> "Lab":
        """The same queue with other methods: `altered(queue={"step": ...})`."""
        changed = {name: Altered(getattr(self.backend, name), **methods) for name, methods in ports.items()}
        return evolve(self, backend=evolve(self.backend, **changed))

    def record(self, task: TaskId) -> TaskRecord:
        record = self.backend.queue.read([task], FIELDS, follow=False)[0]
        assert record is not None
        return record

    def status(self, task: TaskId) -> TaskStatus | None:
        return self.record(task).status

    def value(self, task: TaskId) -> object:
        assert self.status(task) == TaskStatus.COMPLETE, self.failure(task).trace
        return decode_value(self._result(task), self.context(PayloadKind.VALUE))

    def failure(self, task: TaskId) -> Failure:
        assert self.status(task) == TaskStatus.ERROR
        return decode_failure(self._result(task), self.context(PayloadKind.VALUE))

    def _result(self, task: TaskId) -> bytes:
        stored = self.record(task).value
        assert stored is not None
        return stored.data

    def send(self, frame: object, worker: str = "w") -> str:
        """Send a message; it is to a worker that has been made and does not run yet."""
        body = encode_json(frame, self.context(PayloadKind.MESSAGE))
        return self.backend.messages.send(body, [WorkerId(worker)])

    def answers(self, worker: str = "w") -> list[object]:
        found = self.backend.messages.answers(None, [WorkerId(worker)], delete=False)
        answered = sorted(found.get(WorkerId(worker), {}).items())
        return [decode_json(body, self.answer_context(message, worker)) for message, body in answered]

    def values(self, worker: str = "w") -> list[object]:
        """The answers as a client reads them."""
        found = self.backend.messages.answers(None, [WorkerId(worker)], delete=False)
        answered = sorted(found[WorkerId(worker)].items())
        return [decode_answer(body, self.answer_context(message, worker)) for message, body in answered]

    def answer_context(self, message: str, worker: str = "w") -> Context:
        return Context(kind=PayloadKind.MESSAGE, queue_id=self.backend.queue_id, names=(worker, message))

    def context(self, kind: PayloadKind) -> Context:
        return Context(kind=kind, queue_id=self.backend.queue_id)

    def log(self, worker: str = "w") -> list[str]:
        entries = self.backend.workers.log_tail([WorkerId(worker)], None)
        return [f"{entry.command} {entry.message}".rstrip() for entry in entries]

    def info(self, worker: str = "w") -> WorkerInfo:
        (record,) = self.backend.workers.read([WorkerId(worker)], frozenset(WorkerStatus))
        assert record.info is not None
        return record.info
