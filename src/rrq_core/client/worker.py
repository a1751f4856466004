"""A worker for people who drive it themselves, call by call."""

import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rrq_core.client.connection import Choices
from rrq_core.client.controller import Controller
from rrq_core.client.environment import url_or_default
from rrq_core.client.flags import checked_flag
from rrq_core.client.log_line import log_line
from rrq_core.client.reference import task_id_of
from rrq_core.client.seconds import checked_seconds
from rrq_core.client.task import Task
from rrq_core.client.worker_life import Life, new_beater
from rrq_core.errors import Closed, InvalidArgument
from rrq_core.model.ids import MessageId, QueueId, WorkerId
from rrq_core.model.ids import queue_id as checked_queue_id
from rrq_core.model.ids import worker_id as checked_worker_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.work import MessageIn, Work
from rrq_core.model.worker import WorkerInfo
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.worker import WorkerLoop, WorkerSetup, new_worker_id, read_config
from rrq_core.worker.foreground import print_line
from rrq_core.worker.line import one_line
from rrq_core.worker.progress import task_progress_update


class Worker:
    """A worker in the thread that drives it. Made, it is registered; `shutdown`, or the end of a `with`, signs it off.

    One that is dropped signs off too, at the latest when this process ends; and where that is killed, its heartbeat's
    process sees to it. Use a worker in the one thread that made it.

    Args:
        queue_id: The queue; somebody has connected to it before.
        name_config: The name of its configuration, as it was given to `worker_config_save`.
        worker_id: What it is called; None: something random.
        timeout_config: Seconds to wait for the configuration to be saved.
        is_child: Whether this stands for a worker that is at work elsewhere, in the process of a task of it: nothing is
            registered, and nothing can be taken. Its `worker_id` has to be given.
        url: Where the queue is, as in `connect`.
    Raises:
        InvalidArgument: If an argument cannot be, or there is no such configuration: nobody has connected to this queue
            yet, perhaps.
        WorkerIdTaken: If a worker of this id is alive.
        BackendError: If the server cannot be reached or refuses us.
        OSError: If no process can be started that beats for it.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://worker") as q:
    ...     task = q.submit(pow, 2, 10)
    ...     rrq.worker_config_save("silent", rrq.worker_config(verbose=False))
    ...     with rrq.Worker("docs", "silent", url=q.url) as worker:
    ...         worker.step(immediate=True)
    ...     task.result()
    True
    True
    1024

    R: rrq_worker
    """

    def __init__(
        self,
        queue_id: str,
        name_config: str = "localhost",
        worker_id: str | None = None,
        timeout_config: float = 0,
        is_child: bool = False,
        url: str | None = None,
    ) -> None:
        queue = checked_queue_id(queue_id)
        self._id = _checked_id(worker_id, is_child)
        self._config = name_config
        patience = checked_seconds(timeout_config, "timeout_config")
        backend = open_backend(url_or_default(url), queue)
        try:
            loop = None if is_child else self._registered(backend, queue, patience)
        except BaseException:
            backend.close()
            raise
        self._life = Life(loop=loop, controller=Controller(backend, Choices()))
        self._end = weakref.finalize(self, self._life.drop)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._id!r} of {self.controller!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.shutdown()
        else:
            self.shutdown(kind.__name__, graceful=False)

    @property
    def id(self) -> WorkerId:
        """What the worker is called."""
        return self._id

    @property
    def config(self) -> str:
        """The name of its configuration."""
        return self._config

    @property
    def controller(self) -> Controller:
        """A controller of its queue, for as long as the worker lives."""
        return self._life.controller

    @property
    def is_registered(self) -> bool:
        """Whether it has not signed off."""
        return self._life.loop is not None

    def info(self) -> WorkerInfo:
        """Tell where and with what the worker runs.

        R: rrq_worker$info
        """
        return self._registration("info").info

    def log(self, label: str, value: str | Sequence[str] | None = None) -> None:
        """Write a line of the worker's log, and print it if its configuration says `verbose`.

        Args:
            label: What it is about: a word, in capitals as a rule.
            value: What there is to say, as one text or several; None: nothing.
        Raises:
            InvalidArgument: If one of them cannot be.
            Fenced: If the worker was declared lost.

        R: rrq_worker$log
        """
        self._registration("log").log(log_line(label, value))

    def load_envir(self) -> None:
        """Make the worker's environment anew, as `worker_envir_set` has set it.

        R: rrq_worker$load_envir
        """
        self._registration("load_envir").load_environment()

    def poll(self, immediate: bool = False) -> Task[object] | MessageId | None:
        """Claim what is next, a message before a task; the next `step` sees to it.

        Args:
            immediate: Whether not to wait where there is nothing.
        Returns:
            The task, or the id of the message; None if there is nothing.
        Raises:
            RrqError: As `loop`.

        R: rrq_worker$poll
        """
        match self._registration("poll").poll(immediate):
            case Work() as work:
                return self.controller.task(work.claim.task)
            case MessageIn() as message:
                return message.id
            case None:
                return None

    def step(self, immediate: bool = False) -> bool:
        """See to one task or message: what `poll` has claimed, else what is next. Told to stop, the worker signs off.

        Args:
            immediate: Whether not to wait where there is nothing.
        Returns:
            Whether there was anything.
        Raises:
            RrqError: As `loop`.

        R: rrq_worker$step
        """
        loop = self._registration("step")
        had_something = loop.step(immediate)
        if loop.stop_reason is not None:
            self._life.loop = None
            loop.sign_off(loop.stop_reason)
        return had_something

    def loop(self, immediate: bool = False) -> None:
        """Work until a STOP message or the idle time-out, and sign off then.

        Args:
            immediate: Whether to return as soon as there is nothing to do; the worker has not signed off then.
        Raises:
            QueueGone: If the queue was destroyed.
            WorkerIdTaken: If another process has taken over this worker's id.
            BackendError: If the store refuses what a worker cannot do without.

        R: rrq_worker$loop
        """
        loop = self._registration("loop")
        loop.run(immediate)
        if loop.stop_reason is not None:
            self._life.loop = None

    def timer_start(self) -> None:
        """Count from now on how long the worker is idle.

        R: rrq_worker$timer_start
        """
        self._registration("timer_start").restart_timer()

    def progress(self, value: object, error: bool = True) -> None:
        """Tell how far the task is that runs; see `task_progress_update`.

        Args:
            value: Any object that can be sent.
            error: Whether to raise where there is no task, or the value did not get to the store.

        R: rrq_worker$progress
        """
        task_progress_update(value, error=error)

    def task_eval(self, task: str | Task[object]) -> TaskStatus:
        """Claim a PENDING task, wherever it stands in its queue, and run it; its outcome is recorded.

        Args:
            task: The task, or its id.
        Returns:
            The status that it has then.
        Raises:
            TaskNotFound: If it is unknown.
            InvalidArgument: If it is not PENDING, or `poll` has claimed something else.
            Fenced: If the worker was declared lost meanwhile.

        R: rrq_worker$task_eval
        """
        return self._registration("task_eval").eval(task_id_of(task, self.controller.queue_id))

    def shutdown(self, status: str = "OK", graceful: bool = True) -> None:
        """Sign off, and close the controller. Again, it does nothing.

        Args:
            status: What the log gives as the reason: OK, ERROR, or anything.
            graceful: Whether what was claimed and not begun is given back. Else it is as if its process had ended in
                the midst of it, and `on_lost` decides.
        Raises:
            BackendError: If the store cannot be told. The worker is over all the same, and is found lost.

        R: rrq_worker$shutdown
        """
        self._end.detach()
        loop, self._life.loop = self._life.loop, None
        try:
            if loop is not None and graceful:
                loop.request_stop(status)  # so that a store that is away is not waited for
                loop.sign_off(one_line(status))
            elif loop is not None:
                loop.abandon(one_line(status))
                loop.close()
        finally:
            self.controller.close()

    def _registered(self, backend: Backend, queue: QueueId, patience: float) -> WorkerLoop:
        setup = WorkerSetup(
            queue_id=queue,
            url=backend.url,
            worker_id=self._id,
            config_name=self._config,
            config=read_config(backend, self._config, patience),
        )
        return self._new_loop(backend, setup)

    def _new_loop(self, backend: Backend, setup: WorkerSetup) -> WorkerLoop:
        beater = new_beater(backend, setup.config.heartbeat_period)
        try:
            return WorkerLoop(backend, setup, printer=print_line, beater=beater)
        except BaseException:
            if beater is not None:
                beater.close()
            raise

    def _registration(self, what: str) -> WorkerLoop:
        if self._life.loop is None:
            raise Closed(f"{what} is for a worker that is registered: {self!r} has signed off, or is the child of one")
        return self._life.loop


def _checked_id(worker_id: str | None, is_child: object) -> WorkerId:
    checked_flag(is_child, "is_child")
    if worker_id is not None:
        return checked_worker_id(worker_id)
    if is_child:
        raise InvalidArgument("is_child=True stands for a worker that there is: give its worker_id")
    return new_worker_id()
