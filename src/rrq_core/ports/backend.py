"""The bundle of ports that serve one queue id, and how bundles and offloads are made."""

from collections.abc import Callable

from attrs import frozen

from rrq_core.model.ids import QueueId
from rrq_core.ports.heartbeat import Heartbeat
from rrq_core.ports.messages import Messages
from rrq_core.ports.object_store import ObjectStore
from rrq_core.ports.offload import Offload
from rrq_core.ports.queue import Queue
from rrq_core.ports.settings import Settings
from rrq_core.ports.workers import Workers


@frozen(kw_only=True)
class Backend:
    """All ports but Offload for one queue id. Opening one writes nothing.

    `url` opens it again, in this process or, where it is `shared`, in another. `durable`: what it acknowledges
    survives its process. `objects_at` gives a store of values under a prefix of one's own.
    """

    url: str
    queue_id: QueueId
    queue: Queue
    workers: Workers
    messages: Messages
    settings: Settings
    objects: ObjectStore
    heartbeat: Heartbeat
    shared: bool
    durable: bool
    objects_at: Callable[[str], ObjectStore]
    close: Callable[[], None]


BackendFactory = Callable[[str, QueueId], Backend]
OffloadFactory = Callable[[str], Offload]
