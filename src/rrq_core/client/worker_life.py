"""What a worker that is driven by hand has besides its calls: an id, a heartbeat, and an end if it is dropped."""

import os
from contextlib import suppress

from attrs import define, field

from rrq_core.client.controller import Controller
from rrq_core.client.flags import checked_flag
from rrq_core.errors import InvalidArgument, RrqError
from rrq_core.model.ids import WorkerId
from rrq_core.model.ids import worker_id as checked_worker_id
from rrq_core.ports import Backend
from rrq_core.worker import WorkerLoop, new_worker_id
from rrq_core.worker.beater.beating import terms_of
from rrq_core.worker.beater.link import Beater
from rrq_core.worker.beater.process import BeaterCommand, ProcessBeater
from rrq_core.worker.beater.thread import ThreadBeater


@define(kw_only=True)
class Life:
    """What is to end when a worker is dropped. `loop`: None once it has signed off."""

    loop: WorkerLoop | None
    controller: Controller
    process: int = field(factory=os.getpid)

    def drop(self) -> None:
        """Let a worker go that nobody holds any more. A process that was forked meanwhile leaves it alone."""
        if self.process != os.getpid():
            return
        if self.loop is not None:
            self.loop.request_stop("dropped")  # so that a store that is away is not waited for
            with suppress(RrqError):
                self.loop.sign_off("dropped")
        self.controller.close()


def new_beater(backend: Backend, period: float | None) -> Beater | None:
    """Make what beats for a worker in this process: another process, where that can reach the queue.

    Args:
        backend: The queue.
        period: Seconds between two beats; None: the worker has no heartbeat.
    Raises:
        OSError: If no process can be started.
    """
    if period is None:
        return None
    if not backend.shared:
        return ThreadBeater(backend, terms_of(period))
    return ProcessBeater(BeaterCommand(url=backend.url, queue_id=backend.queue_id), terms_of(period))


def id_or_new(worker_id: str | None, is_child: object) -> WorkerId:
    """Check the id that was chosen for a worker, or make one.

    Args:
        worker_id: The id; None: none was chosen.
        is_child: Whether it is to be that of another worker.
    Raises:
        InvalidArgument: If it can be none, or that of which worker it is to be is not said.
    """
    checked_flag(is_child, "is_child")
    if worker_id is not None:
        return checked_worker_id(worker_id)
    if is_child:
        raise InvalidArgument("is_child=True stands for a worker that there is: give its worker_id")
    return new_worker_id()
