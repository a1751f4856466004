"""What a worker is there for: tasks and messages or, while it is paused, messages alone."""

from collections.abc import Sequence

from rrq_core.model.ids import QueueName
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Take

_PAUSED = Take(queues=(), idle_status=WorkerStatus.PAUSED)


class Duty:
    """What a worker would take next.

    Args:
        queues: The queues that it listens to, in order of priority.
    """

    def __init__(self, queues: Sequence[QueueName]) -> None:
        self._on = Take(queues=tuple(queues))
        self.take = self._on

    def pause(self) -> WorkerStatus:
        """Take no tasks from now on; give the status that the worker has."""
        self.take = _PAUSED
        return self.take.idle_status

    def resume(self) -> WorkerStatus:
        """Take tasks again; give the status that the worker has."""
        self.take = self._on
        return self.take.idle_status
