"""What a running task tells of how far it is, on its way to the store."""

from rrq_core.model.task import TaskChange
from rrq_core.model.work import Claim
from rrq_core.ports import Queue
from rrq_core.worker.current import TellProgress


def progress_teller(queue: Queue, claim: Claim) -> TellProgress:
    """Make what a task tells its progress to. Once the claim is over, nothing is written any more."""

    def tell(progress: bytes) -> None:
        queue.update(claim, TaskChange(progress=progress))

    return tell
