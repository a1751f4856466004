"""Which URL schemes and launchers there are. What a backend needs is imported when its URL is first opened."""

from collections.abc import Callable

from rrq_core.model.ids import QueueId
from rrq_core.plugins import hookimpl
from rrq_core.ports import Backend, BackendFactory, Launcher


@hookimpl
def rrq_register_backends(register: Callable[[str, BackendFactory], None]) -> None:
    """Register the schemes of this package."""
    register("redis", _open_redis)
    register("unix", _open_redis)
    register("memory", _open_memory)
    register("embedded", _open_embedded)


@hookimpl
def rrq_register_launchers(register: Callable[[str, Callable[[], Launcher]], None]) -> None:
    """Register the launchers of this package."""
    register("local", _open_local)
    register("slurm", _open_slurm)


def _open_redis(url: str, queue_id: QueueId) -> Backend:
    from rrq_backends.redis.backend import open_redis

    return open_redis(url, queue_id)


def _open_memory(url: str, queue_id: QueueId) -> Backend:
    from rrq_backends.memory import open_memory

    return open_memory(url, queue_id)


def _open_embedded(url: str, queue_id: QueueId) -> Backend:
    from rrq_backends.embedded.backend import open_embedded

    return open_embedded(url, queue_id)


def _open_local() -> Launcher:
    from rrq_backends.launchers.local import LocalLauncher

    return LocalLauncher()


def _open_slurm() -> Launcher:
    from rrq_backends.launchers.slurm import SlurmLauncher

    return SlurmLauncher()
