"""What people are told of one task: a picture of it, in plain values."""

from attrs import frozen

from rrq_core.model.ids import QueueName, TaskId, WorkerId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Attempt, TaskTimes


@frozen(kw_only=True)
class TaskTies:
    """The tasks before one and after it, as ids."""

    up: tuple[TaskId, ...] = ()
    down: tuple[TaskId, ...] = ()


@frozen(kw_only=True)
class TaskInfo:
    """What is known of a task; None where something does not apply or is not reached.

    Args:
        id: The task.
        status: Where it stands.
        queue: The queue that it waits in, or waited in.
        separate_process: Whether it runs in a process of its own.
        timeout: Seconds that it may run.
        worker: The worker that has it, or had it last.
        pid: The process id of its own process.
        depends: Up: what it was submitted to depend on. Down: those that wait for it, or would but for another failure.
        moved: Its retry chain. Up: the tasks that it is in the place of, the first one first. Down: those in its place.
        attempts: One record for each time that a worker took it: `number`, `worker`, `start`, `end`, `status`, `error`.
        times: When it was submitted, started, ended and moved.
        due: When it may start, in unix seconds by the server, where it waits for a time.
    """

    id: TaskId
    status: TaskStatus
    queue: QueueName
    separate_process: bool
    timeout: float | None
    worker: WorkerId | None
    pid: int | None
    depends: TaskTies
    moved: TaskTies
    attempts: tuple[Attempt, ...]
    times: TaskTimes
    due: float | None
