"""Sending a message to whoever is still there: workers may leave between a look and a message."""

from collections.abc import Sequence

from attrs import frozen

from rrq_core.client.commands import Order
from rrq_core.client.connection import Connection
from rrq_core.client.workers import ACTIVE
from rrq_core.errors import WorkerNotFound
from rrq_core.model.ids import MessageId, WorkerId
from rrq_core.payload.signing import keyring
from rrq_core.ports import Backend

_MOST_LOOKS = 10


@frozen(kw_only=True)
class Sent:
    """A message and who got it."""

    id: MessageId
    workers: tuple[WorkerId, ...]


def send_message(backend: Backend, order: Order, workers: Sequence[WorkerId]) -> MessageId:
    """Send a message to workers.

    Raises:
        WorkerNotFound: If one is not active. Nothing was sent.
    """
    return backend.messages.send(order.frame(_instances(backend, workers)), workers)


def _instances(backend: Backend, workers: Sequence[WorkerId]) -> dict[WorkerId, str] | None:
    """Look who goes by these ids now, where messages are signed."""
    if keyring() is None:
        return None
    found = {record.id: record.info for record in backend.workers.read(workers, ACTIVE)}
    return {worker: info.instance if (info := found.get(worker)) else "" for worker in workers}


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
            return Sent(id=send_message(backend, order, workers), workers=tuple(workers))
        except WorkerNotFound:  # one has left since we looked, and nobody was sent anything
            if not looks_left:
                raise
            workers = [record.id for record in backend.workers.read(workers, ACTIVE)]
    return None
