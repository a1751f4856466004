"""The port for messages to workers and their answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from rrq_core.model.ids import MessageId, WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session


class Messages(ABC):
    """Messages of one queue id. `Queue.step` hands them out; a message stays until it is answered."""

    @abstractmethod
    def send(self, body: bytes, workers: Sequence[WorkerId]) -> MessageId:
        """Put a message to workers and wake them. Ids are the store's time, `seconds.microseconds`, and increase.

        Repeated by a lost reply, it is sent once.

        Raises:
            WorkerNotFound: If one of them is not active. Nothing was sent.
        """

    @abstractmethod
    def answer(self, session: Session, message: MessageId, body: bytes, status: WorkerStatus | None = None) -> bool:
        """Keep the answer to a message and take the message off the worker's list.

        Args:
            session: The worker's registration.
            message: What is answered.
            body: The answer.
            status: What the worker is from now on, None for no change; in the same step, so that who has the answer
                finds it so.
        Returns:
            True if it was there; False if it was answered before.
        Raises:
            Fenced: If the session is over.
        """

    @abstractmethod
    def answers(
        self, message: MessageId | None, workers: Sequence[WorkerId], delete: bool
    ) -> Mapping[WorkerId, Mapping[MessageId, bytes]]:
        """Read the answers of workers, to one message or (None) to all; those without one are left out.

        With `delete`, what is answered here is gone afterwards.
        """
