"""A worker's place in its queue: entered, proven by a heartbeat, and left."""

import secrets
from collections.abc import Callable
from contextlib import suppress

from attrs import evolve

from rrq_core.errors import Fenced, QueueGone, RrqError
from rrq_core.model.config import WorkerConfig
from rrq_core.model.setting import QUEUE_CONFIGURATION
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session
from rrq_core.model.worker import HeartbeatTerms, NewLogEntry, NewWorker, WorkerInfo
from rrq_core.ports import Backend
from rrq_core.worker.beater.beating import terms_of
from rrq_core.worker.beater.link import Beater
from rrq_core.worker.info import worker_info
from rrq_core.worker.line import one_line
from rrq_core.worker.log_directory import check_writable
from rrq_core.worker.setup import WorkerSetup


class Registration:
    """A worker that is entered in its queue. Made, it is; whoever makes it leaves it in the end.

    Args:
        backend: The queue.
        setup: What the worker is.
        beater: What beats for it, None where nobody does.
        show_stack: What the beater calls if it is asked for the stack of a task's own process.
    Raises:
        WorkerIdTaken: If a worker of this id is alive.
        QueueGone: If nobody has connected to this queue yet.
        InvalidArgument: If its directory of logs cannot be written.
    """

    def __init__(
        self, backend: Backend, setup: WorkerSetup, beater: Beater | None, show_stack: Callable[[], None]
    ) -> None:
        if setup.config.logdir is not None:
            check_writable(setup.config.logdir, setup.config_name)
        self._backend = backend
        self._beater = beater
        if beater is not None:
            beater.when_stack_is_wanted(show_stack)
        self._worker = NewWorker(
            id=setup.worker_id,
            queues=setup.config.queue,
            info=worker_info(setup),
            heartbeat=None if beater is None else _terms(setup.config),
            process_log=setup.process_log,
            log_max=setup.config.log_max,
        )
        self.session = self._entered()
        self._is_back = False

    @property
    def info(self) -> WorkerInfo:
        """What the worker tells of itself."""
        return evolve(self._worker.info, heartbeat_key=self.session.heartbeat_key)

    def renew(self) -> None:
        """Enter again, after the session was ended by others: declared lost, or the queue was destroyed.

        Raises:
            WorkerIdTaken: If another process goes by this id now.
            QueueGone: If the queue was destroyed.
        """
        self.session = self._entered()
        self._is_back = True

    def greeting(self) -> tuple[NewLogEntry, ...]:
        """Give the lines by which the worker begins its log."""
        lost = (NewLogEntry(command="LOST"),) if self._is_back else ()
        alive = NewLogEntry(command="ALIVE")
        if self.session.heartbeat_key is None:
            return *lost, alive
        key = NewLogEntry(command="HEARTBEAT", message=self.session.heartbeat_key)
        return *lost, key, NewLogEntry(command="HEARTBEAT", message="OK"), alive

    def parting(self) -> tuple[NewLogEntry, ...]:
        """Give the lines by which the worker takes leave."""
        return () if self.session.heartbeat_key is None else (NewLogEntry(command="HEARTBEAT", message="stopping"),)

    def check(self) -> None:
        """See that nobody has ended the session, as far as is known here.

        Raises:
            Fenced: If somebody has.
        """
        if self._beater is not None and self._beater.is_lost():
            raise Fenced(self._worker.id)

    def stop_beating(self) -> None:
        """Let the heartbeat end, before the worker leaves."""
        if self._beater is not None:
            self._beater.close()

    def leave(self, reason: str, *, idle: bool) -> None:
        """Sign the worker off as EXITED; `idle`: it runs nothing, so what it holds all the same is given back."""
        self._backend.workers.leave(self.session, WorkerStatus.EXITED, one_line(reason), idle=idle)

    def _entered(self) -> Session:
        if self._backend.settings.get(QUEUE_CONFIGURATION) is None:
            raise QueueGone(self._backend.queue_id)
        token = secrets.token_hex(8)
        if self._beater is not None:
            self._beater.expect(Session(worker=self._worker.id, token=token))
        session = self._backend.workers.register(self._worker, token)
        try:
            if self._beater is not None:
                self._beater.watch(session)
        except BaseException as error:
            with suppress(RrqError):
                self._backend.workers.leave(session, WorkerStatus.EXITED, one_line(f"no heartbeat: {error}"), idle=True)
            raise
        return session


def _terms(config: WorkerConfig) -> HeartbeatTerms | None:
    period = config.heartbeat_period
    return None if period is None else terms_of(period)
