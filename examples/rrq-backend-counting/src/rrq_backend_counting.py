"""A backend of rrq-core that stands on another, and counts what it is asked."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from attrs import evolve

from rrq_core import hookimpl
from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend, BackendFactory

CALLS: Counter[str] = Counter()
"""How often each method of each port was called in this process, by any queue."""

SCHEMES = ("memory", "redis")
PORTS = ("queue", "workers", "messages", "settings", "objects", "heartbeat")


class Counted:
    """A port that counts the calls of each of its methods."""

    def __init__(self, name: str, port: object) -> None:
        self._name = name
        self._port = port

    def __getattr__(self, method: str) -> Callable[..., object]:
        whole: Callable[..., object] = getattr(self._port, method)

        def call(*arguments: object, **keywords: object) -> object:
            CALLS[f"{self._name}.{method}"] += 1
            return whole(*arguments, **keywords)

        return call


def open_counting(url: str, queue_id: QueueId) -> Backend:
    """Open the queue of a counting+redis:// or counting+memory:// URL."""
    backend = open_backend(url.removeprefix("counting+"), queue_id)
    counted: dict[str, Any] = {name: Counted(name, getattr(backend, name)) for name in PORTS}
    return evolve(backend, url=url, **counted)


@hookimpl
def rrq_register_backends(register: Callable[[str, BackendFactory], None]) -> None:
    """Register what this package serves."""
    for scheme in SCHEMES:
        register(f"counting+{scheme}", open_counting)
