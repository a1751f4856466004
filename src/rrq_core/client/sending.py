"""Sending a message to whoever is still there: workers may leave between a look and a message."""

from collections.abc import Sequence

from attrs import frozen

from rrq_core.client.commands import Order
from rrq_core.client.connection import Connection
from rrq_core.client.workers import ACTIVE
from rrq_core.errors import WorkerNotFound
from rrq_core.model.ids import MessageId, WorkerId

_MOST_LOOKS = 10


@frozen(kw_only=True)
class Sent:
    """A message and who got it."""

    id: MessageId
    workers: tuple[WorkerId, ...]


def send_to_present(connection: Connection, order: Order, workers: Sequence[WorkerId]) -> Sent | None:
    """Send a message to those of some workers that are active when it is sent; None if nobody is.

    Raises:
        WorkerNotFound: If one stands as active and cannot be sent anything, which `check()` mends.
    """
    backend = connection.backend
    for looks_left in reversed(range(_MOST_LOOKS)):
        if not workers:
            break
        try:
            return Sent(id=backend.messages.send(order.frame(workers), workers), workers=tuple(workers))
        except WorkerNotFound:  # one has left since we looked, and nobody was sent anything
            if not looks_left:
                raise
            workers = [record.id for record in backend.workers.read(workers, ACTIVE)]
    return None
