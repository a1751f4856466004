"""The hint for who waits in vain: no worker listens on the queue."""

import math
import shlex
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice

from rrq_core.client.connection import Connection
from rrq_core.client.notice import notice
from rrq_core.client.workers import ACTIVE
from rrq_core.errors import BackendError
from rrq_core.model.ids import QueueName, TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskField
from rrq_core.plugins import without_password

AFTER = 10.0  # seconds of waiting
SAMPLE = 500  # tasks that are looked at


class Hint:
    """Says once, on standard error, after some seconds, if nobody will run what somebody waits for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._at = time.monotonic() + AFTER

    def give(self, waiting: Iterable[TaskId]) -> None:
        """Look, once it is time and then never again."""
        if time.monotonic() < self._at:
            return
        if self._connection.inbox.is_cut_off:
            return
        self._at = math.inf
        with suppress(BackendError):  # a hint is no reason to end a wait
            deserted = queues_without_worker(self._connection, list(islice(waiting, SAMPLE)))
            if deserted:
                notice(_sentence(self._connection, deserted))


def queues_without_worker(connection: Connection, tasks: Sequence[TaskId]) -> list[QueueName]:
    """Give the queues in which some of these tasks are PENDING and on which no worker listens, in order of name."""
    backend = connection.backend
    records = backend.queue.read(tasks, frozenset({TaskField.STATUS, TaskField.QUEUE}), follow=True)
    queues = {record.queue for record in records if record and record.queue and record.status is TaskStatus.PENDING}
    if not queues:
        return []
    workers = backend.workers.read(None, ACTIVE)
    listened = {queue for worker in workers if worker.info for queue in worker.info.queues}
    return sorted(queues - listened)


def _sentence(connection: Connection, queues: Sequence[QueueName]) -> str:
    named = ", ".join(repr(queue) for queue in queues)
    plural = "queues" if len(queues) > 1 else "queue"
    return (
        f"tasks wait, and no worker of {connection.queue_id!r} listens on the {plural} {named}. Start one that does: "
        f"{_ways(connection)}; a queue other than 'default' is named by worker_config(queue=...)"
    )


def _ways(connection: Connection) -> str:
    if not connection.backend.shared:
        return "rrq.worker_spawn() in this process"
    place = without_password(connection.url)
    command = shlex.join(["rrq-worker", connection.queue_id, "--url", place])
    return f"rrq.worker_spawn() here, or `{command}` in a shell"
