"""Looking at a backend through its own reads: single facts, and whole pictures to compare."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from attrs import evolve, frozen

from rrq_core.model.ids import DEFAULT_QUEUE, Hash, QueueName, Tag, TaskId, WorkerId
from rrq_core.model.setting import SettingKind, SettingName
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import TaskField, TaskRecord
from rrq_core.model.value import Stored
from rrq_core.model.worker import LogEntry, WorkerRecord
from rrq_core.ports import Backend

EVERY_FIELD = frozenset(TaskField)
EVERY_STATE = frozenset(WorkerStatus)


def record_of(backend: Backend, task: TaskId, *, follow: bool = False) -> TaskRecord:
    """Give all that is known of a task; it must be there."""
    record = backend.queue.read([task], EVERY_FIELD, follow)[0]
    assert record is not None, f"there is no task {task}"
    return record


def status_of(backend: Backend, task: TaskId) -> TaskStatus:
    """Give the status of a task, MISSING for one that is not there."""
    record = backend.queue.read([task], frozenset({TaskField.STATUS}), follow=False)[0]
    return TaskStatus.MISSING if record is None or record.status is None else record.status


def waiting_in(backend: Backend, queue: QueueName = DEFAULT_QUEUE) -> list[TaskId]:
    """List the tasks in a queue, next to run first."""
    return list(backend.queue.waiting(queue).tasks)


def worker_of(backend: Backend, worker: WorkerId) -> WorkerRecord:
    """Give all that is known of a worker; it must be there."""
    records = backend.workers.read([worker], EVERY_STATE)
    assert records, f"there is no worker {worker}"
    return records[0]


def bytes_of(backend: Backend, value: Hash | None) -> bytes | None:
    """Give the bytes of a stored value, None if it is not there."""
    stored = None if value is None else backend.objects.get([value])[0]
    return None if stored is None or stored.data is None else bytes(stored.data)


@frozen(kw_only=True)
class Snapshot:
    """All that can be seen of a backend."""

    tasks: Mapping[TaskId, TaskRecord]
    queues: Mapping[QueueName, list[TaskId]]
    workers: Mapping[WorkerId, WorkerRecord]
    logs: list[LogEntry]
    values: Mapping[Hash, Stored | None]
    tags: set[Tag]
    settings: Mapping[SettingName, bytes | None]


def snapshot(backend: Backend) -> Snapshot:
    """Look at all that can be seen of a backend. Nothing must change meanwhile."""
    ids = sorted(set(backend.queue.tasks()))
    records = [record for record in backend.queue.read(ids, EVERY_FIELD, follow=False) if record is not None]
    workers = backend.workers.read(None, EVERY_STATE)
    names = sorted({DEFAULT_QUEUE, *(record.queue for record in records if record.queue is not None)})
    hashes = sorted(set(backend.objects.hashes()))
    settings = [name for kind in SettingKind for name in backend.settings.names(kind)]
    return Snapshot(
        tasks={record.id: _in_order(record) for record in records},
        queues={name: waiting_in(backend, name) for name in names},
        workers={worker.id: worker for worker in workers},
        logs=backend.workers.log_tail(sorted(worker.id for worker in workers), None),
        values={value: _as_bytes(stored) for value, stored in zip(hashes, backend.objects.get(hashes), strict=True)},
        tags=set(backend.objects.tags()),
        settings={name: backend.settings.get(name) for name in settings},
    )


def _in_order(record: TaskRecord) -> TaskRecord:
    """Ids that come in no order of their own are sorted, and bytes are made comparable."""
    return evolve(
        record,
        depends_on=tuple(sorted(record.depends_on or ())),
        waits_for=tuple(sorted(record.waits_for or ())),
        needed_by=tuple(sorted(record.needed_by or ())),
        value=_as_bytes(record.value),
    )


def _as_bytes(stored: Stored | None) -> Stored | None:
    return stored if stored is None or stored.data is None else evolve(stored, data=bytes(stored.data))


def assert_lawful(backend: Backend) -> None:
    """Have the backend verify its own laws; each one broken is told in a sentence."""
    broken = backend.queue.check()
    assert not broken, "\n".join(f"{violation.law}: {violation.sentence}" for violation in broken)


@contextmanager
def unchanged(backend: Backend) -> Iterator[None]:
    """Hold that what is done inside changes nothing that can be seen, and breaks no law."""
    before = snapshot(backend)
    yield
    assert snapshot(backend) == before
    assert_lawful(backend)
