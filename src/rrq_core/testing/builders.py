"""Small things to test with: tasks, workers and values that are right in all that a test does not care about."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import TypedDict, Unpack

from rrq_core.model.ids import DEFAULT_QUEUE, GroupName, Hash, QueueName, TaskId, WatcherId, WorkerId, new_task_id
from rrq_core.model.status import OnLost
from rrq_core.model.task import NewTask
from rrq_core.model.value import Buffer, NewValue
from rrq_core.model.worker import HeartbeatTerms, NewWorker, WorkerInfo


class TaskWishes(TypedDict, total=False):
    """The fields of `NewTask` but its id."""

    body: bytes
    queue: QueueName
    separate_process: bool
    timeout: float | None
    depends_on: tuple[TaskId, ...]
    takes_result_of: tuple[TaskId, ...]
    values: tuple[Hash, ...]
    on_lost: OnLost
    max_attempts: int
    retries: int
    delay: float
    key: str | None
    call: str
    group: GroupName | None
    result_ttl: float | None
    front: bool


def new_task(**wishes: Unpack[TaskWishes]) -> NewTask:
    """Make a task to submit: a new id, a short body, the default queue, and what is wished for.

    Args:
        wishes: Fields of `NewTask` by name.

    Example:
        >>> new_task(front=True).front
        True
    """
    wishes.setdefault("body", b"body")
    wishes.setdefault("queue", DEFAULT_QUEUE)
    return NewTask(id=new_task_id(), **wishes)


def new_tasks(count: int, **wishes: Unpack[TaskWishes]) -> list[NewTask]:
    """Make several tasks that differ in their ids only."""
    return [new_task(**wishes) for _ in range(count)]


def new_value(data: Buffer, *, is_large: bool = False) -> NewValue:
    """Make a value to store. A large one keeps its bytes to itself: they go to the offload."""
    content = hashlib.sha256(data).hexdigest()[:32]
    return NewValue(hash=Hash(content), size=len(data), data=None if is_large else data)


def new_watcher() -> WatcherId:
    """Make the name of an inbox that nobody has."""
    return WatcherId(secrets.token_hex(8))


def new_worker(
    queues: Sequence[QueueName] = (DEFAULT_QUEUE,),
    *,
    id: str | None = None,
    heartbeat: HeartbeatTerms | None = None,
    log_max: int = 10_000,
) -> NewWorker:
    """Make a worker to register, under an id that nobody has unless one is wished for."""
    return NewWorker(
        id=WorkerId(f"worker-{secrets.token_hex(4)}" if id is None else id),
        queues=tuple(queues),
        info=new_worker_info(queues),
        heartbeat=heartbeat,
        process_log="/var/log/worker",
        log_max=log_max,
    )


def new_worker_info(queues: Sequence[QueueName] = (DEFAULT_QUEUE,)) -> WorkerInfo:
    """Make what a worker tells of itself."""
    return WorkerInfo(
        host="host",
        pid=4711,
        process_start="1234",
        boot_id="boot",
        username="somebody",
        platform="Linux",
        python="3.11.2",
        rrq="0.1.0",
        config="localhost",
        queues=tuple(queues),
        cwd="/home/somebody",
        libraries={"attrs": "26.1.0"},
    )
