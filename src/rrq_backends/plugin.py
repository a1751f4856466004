"""Which URL schemes there are. What a backend needs is imported when its URL is first opened."""

from collections.abc import Callable

from rrq_core.model.ids import QueueId
from rrq_core.plugins import hookimpl
from rrq_core.ports import Backend, BackendFactory


@hookimpl
def rrq_register_backends(register: Callable[[str, BackendFactory], None]) -> None:
    """Register the schemes of this package."""
    register("redis", _open_redis)
    register("unix", _open_redis)
    register("memory", _open_memory)
    register("embedded", _open_embedded)


def _open_redis(url: str, queue_id: QueueId) -> Backend:
    from rrq_backends.redis.backend import open_redis

    return open_redis(url, queue_id)


def _open_memory(url: str, queue_id: QueueId) -> Backend:
    from rrq_backends.memory import open_memory

    return open_memory(url, queue_id)


def _open_embedded(url: str, queue_id: QueueId) -> Backend:
    from rrq_backends.embedded.backend import open_embedded

    return open_embedded(url, queue_id)
