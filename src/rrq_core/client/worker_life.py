"""What a worker that is driven by hand has besides its calls: a heartbeat, and an end if it is dropped."""

import os
from contextlib import suppress

from attrs import define, field

from rrq_core.client.controller import Controller
from rrq_core.errors import RrqError
from rrq_core.ports import Backend
from rrq_core.worker import WorkerLoop
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
