"""What is configured for a whole queue, once, before anyone connects."""

import math
import os

from attrs import evolve

from rrq_core.client.environment import url_or_default
from rrq_core.errors import ConfigurationTaken, RrqError
from rrq_core.model.ids import QueueId
from rrq_core.model.ids import queue_id as checked_queue_id
from rrq_core.model.queue_configuration import QueueConfiguration
from rrq_core.model.setting import QUEUE_CONFIGURATION
from rrq_core.plugins import open_backend
from rrq_core.ports import Settings
from rrq_core.store import OffloadSpace, Owner
from rrq_core.store.space import new_token


def configure(
    queue_id: str,
    url: str | None = None,
    *,
    store_max_size: float = math.inf,
    offload: str | os.PathLike[str] | None = None,
) -> QueueConfiguration:
    """Configure where the values of a queue go: arguments, captured variables, results. It cannot be changed later.

    Call it before anyone connects, since the first who does settles that there is no offload. The same again is fine.

    Args:
        queue_id: The queue, as for `connect`.
        url: Where it is, as for `connect`.
        store_max_size: Bytes above which a value goes to the offload; `math.inf`: as many as the store takes, 512 MiB.
        offload: The place for larger values, which all clients and workers reach: a path, or a URL such as
            s3://bucket/prefix. It must be empty, and is this queue's alone. None: larger values are refused.
    Returns:
        What is configured now.
    Raises:
        InvalidArgument: If a limit or place cannot be.
        ConfigurationTaken: If the queue is configured otherwise, or the offload is another's. Nothing was written.
        UnknownScheme: If no plugin serves the offload; the error says how to install one.
        OffloadError: If the offload cannot be reached or written from here.
        BackendError: If the server cannot be reached or refuses us.

    >>> import rrq_core as rrq
    >>> rrq.configure("docs", "memory://configure", store_max_size=1_000_000)
    QueueConfiguration(store_max_size=1000000, offload=None)

    R: rrq_configure
    """
    name = checked_queue_id(queue_id)
    wanted = QueueConfiguration(store_max_size=store_max_size, offload=offload)
    backend = open_backend(url_or_default(url), name)
    try:
        return _configured(backend.settings, name, wanted)
    finally:
        backend.close()


def _configured(settings: Settings, name: QueueId, wanted: QueueConfiguration) -> QueueConfiguration:
    found = _found(settings, name, wanted)
    if wanted.offload is None:
        return found or _written(settings, name, wanted)[0]
    chosen = found or evolve(wanted, owner=new_token())
    try:
        OffloadSpace(wanted.offload, Owner(name, chosen.owner)).check_free()
    except ConfigurationTaken:
        if found is None and _found(settings, name, wanted) is not None:  # somebody was faster, with the same
            return _configured(settings, name, wanted)
        raise
    chosen, is_ours = _written(settings, name, chosen)
    space = OffloadSpace(wanted.offload, Owner(name, chosen.owner))
    try:
        space.claim()
        space.probe()
    except RrqError:
        if is_ours:
            settings.put(QUEUE_CONFIGURATION, None)
            space.disown()
        raise
    return chosen


def _written(settings: Settings, name: QueueId, wanted: QueueConfiguration) -> tuple[QueueConfiguration, bool]:
    """Write a configuration unless there is one, and give what is there; tell also whether it was written."""
    if settings.put(QUEUE_CONFIGURATION, wanted.to_json(), if_absent=True):
        return wanted, True
    return _found(settings, name, wanted) or wanted, False


def _found(settings: Settings, name: QueueId, wanted: QueueConfiguration) -> QueueConfiguration | None:
    """Read what is configured, if anything is."""
    stored = settings.get(QUEUE_CONFIGURATION)
    if stored is None:
        return None
    found = QueueConfiguration.from_json(stored)
    if found != wanted:
        raise ConfigurationTaken(
            f"the queue {name!r} is configured otherwise: {_shown(found)}, not {_shown(wanted)}. A configuration "
            "cannot be changed, and connect() settles it too: configure before anyone connects, use another queue id, "
            "or destroy() this queue first"
        )
    return found


def _shown(configuration: QueueConfiguration) -> str:
    return f"store_max_size={configuration.store_max_size:g}, offload={configuration.offload!r}"
