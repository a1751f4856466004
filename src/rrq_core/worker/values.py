"""A worker's way to the values of its queue."""

from rrq_core.errors import QueueGone
from rrq_core.model.queue_configuration import QueueConfiguration
from rrq_core.model.setting import QUEUE_CONFIGURATION
from rrq_core.payload.signing import keyring
from rrq_core.ports import Backend
from rrq_core.store import ValueCache, ValueStore


def values_of(backend: Backend) -> ValueStore:
    """Give the values of a queue, with a cache; its offload, if it has one, can be read and written from here.

    Raises:
        QueueGone: If the queue was destroyed, or nobody has connected to it yet.
        OffloadError: If its offload cannot be read or written.
        UnknownScheme: If no plugin serves it.
        InvalidArgument: If $RRQ_SECRET_KEY is no good.
    """
    keyring()  # that a key is too short is said here, not by every task
    stored = backend.settings.get(QUEUE_CONFIGURATION)
    if stored is None:
        raise QueueGone(backend.queue_id)
    configuration = QueueConfiguration.from_json(stored)
    values = ValueStore.of(backend.objects, backend.queue_id, configuration, ValueCache())
    if values.space is not None:
        values.space.probe()
    return values
