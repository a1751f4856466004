"""What the core needs from outside. The docstring of each port is its contract; `rrq_core.testing` proves adapters."""

from rrq_core.ports.backend import Backend, BackendFactory, OffloadFactory
from rrq_core.ports.heartbeat import Heartbeat
from rrq_core.ports.launcher import Launcher
from rrq_core.ports.messages import Messages
from rrq_core.ports.object_store import ObjectStore
from rrq_core.ports.offload import PART, PROBE, Offload
from rrq_core.ports.queue import Queue
from rrq_core.ports.settings import Settings
from rrq_core.ports.workers import Workers

__all__ = [
    "PART",
    "PROBE",
    "Backend",
    "BackendFactory",
    "Heartbeat",
    "Launcher",
    "Messages",
    "ObjectStore",
    "Offload",
    "OffloadFactory",
    "Queue",
    "Settings",
    "Workers",
]
