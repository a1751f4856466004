"""A backend of dicts: every port in its plainest form, to prove the suites and to compare the adapters with."""

from rrq_core.model.ids import QueueId
from rrq_core.ports import Backend
from tests.contract.reference.queue import ReferenceQueue
from tests.contract.reference.server import Server, shelf_of
from tests.contract.reference.stores import ReferenceObjectStore, ReferenceSettings
from tests.contract.reference.transitions import Transitions
from tests.contract.reference.workers import ReferenceHeartbeat, ReferenceMessages, ReferenceWorkers

__all__ = ["Server", "open_reference"]


def open_reference(server: Server, queue_id: QueueId) -> Backend:
    """Open a queue id on a server of dicts."""
    moves = Transitions(server, queue_id)
    return Backend(
        url="reference://",
        queue_id=queue_id,
        queue=ReferenceQueue(moves),
        workers=ReferenceWorkers(moves),
        messages=ReferenceMessages(moves),
        settings=ReferenceSettings(moves),
        objects=ReferenceObjectStore(moves, shelf_of(queue_id)),
        heartbeat=ReferenceHeartbeat(moves),
        shared=False,
        durable=False,
        objects_at=lambda prefix: ReferenceObjectStore(moves, prefix),
        close=lambda: None,
    )
