"""A worker that does what a test says, one call at a time."""

from collections.abc import Sequence

from rrq_core.model.ids import DEFAULT_QUEUE, Hash, QueueName, TaskId
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import NewTask, Standing, TaskChange
from rrq_core.model.value import NewValue
from rrq_core.model.work import Claim, Finished, FinishReply, MessageIn, Step, Take, Work
from rrq_core.model.worker import Beat, NewWorker
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_value, new_worker


class Hand:
    """A registered worker by whose calls a test moves tasks.

    Args:
        backend: The backend to register with.
        queues: Queues to take from, in order of priority.
        worker: Who registers; somebody new for None.
    """

    def __init__(
        self, backend: Backend, queues: Sequence[QueueName] = (DEFAULT_QUEUE,), worker: NewWorker | None = None
    ) -> None:
        self.backend = backend
        self.queues = tuple(queues)
        self.worker = new_worker(queues) if worker is None else worker
        self.session = backend.workers.register(self.worker)

    @property
    def heartbeat_key(self) -> str:
        """The key of its heartbeat; it must have one."""
        assert self.session.heartbeat_key is not None, f"{self.worker.id} has no heartbeat"
        return self.session.heartbeat_key

    def beat(self) -> bool:
        """Prove that it lives; False if its session is over."""
        terms = self.worker.heartbeat
        assert terms is not None, f"{self.worker.id} has no heartbeat"
        beat = Beat(key=self.heartbeat_key, expire=terms.expire, value=f"{terms.expire:g}", session=self.session)
        return self.backend.heartbeat.beat([beat])[0]

    def step(self, finished: Finished | None = None, idle_status: WorkerStatus = WorkerStatus.IDLE) -> Step:
        """Hand in a finish, if any, and ask for what is next."""
        return self.backend.queue.step(self.session, finished, Take(queues=self.queues, idle_status=idle_status))

    def look(self) -> Work | MessageIn | None:
        """Ask for what is next."""
        return self.step().work

    def take(self, task: TaskId | None = None) -> Work:
        """Claim the next task, or just this one; there must be one."""
        work = self.backend.queue.step(self.session, take=Take(queues=self.queues, task=task)).work
        assert isinstance(work, Work), f"there is no task to take, but {work!r}"
        return work

    def submit_and_take(self, task: NewTask) -> Work:
        """Submit a task and claim it."""
        self.backend.queue.submit([task])
        return self.take(task.id)

    def take_message(self) -> MessageIn:
        """Ask for the next message; there must be one."""
        message = self.look()
        assert isinstance(message, MessageIn), f"there is no message, but {message!r}"
        return message

    def finish(
        self,
        work: Work,
        status: TaskStatus = TaskStatus.COMPLETE,
        result: NewValue | Hash | None = None,
        *,
        retry_in: float | None = None,
        note: str = "",
        log: bytes | None = None,
    ) -> FinishReply:
        """Hand in how a task ended, and take nothing."""
        ended = Finished(claim=work.claim, status=status, result=result, retry_in=retry_in, note=note, log=log)
        return self.backend.queue.step(self.session, ended).finish

    def complete(self, work: Work, result: bytes = b"result") -> FinishReply:
        """Hand in a value."""
        return self.finish(work, TaskStatus.COMPLETE, new_value(result))

    def fail(self, work: Work, status: TaskStatus = TaskStatus.ERROR) -> FinishReply:
        """Hand in a failure."""
        return self.finish(work, status, new_value(b"failure"), note="it failed")

    def run(self, task: TaskId | None = None, result: bytes = b"result") -> TaskId:
        """Claim the next task, or just this one, and complete it."""
        work = self.take(task)
        self.complete(work, result)
        return work.claim.task

    def tell(
        self,
        claim: Claim,
        *,
        progress: bytes | None = None,
        pid: int | None = None,
        logfile: str | None = None,
        checkpoint: NewValue | Hash | None = None,
    ) -> Standing:
        """Tell something of a running task, or only ask how it stands."""
        change = TaskChange(progress=progress, pid=pid, logfile=logfile, checkpoint=checkpoint)
        return self.backend.queue.update(claim, change).standing
