"""What tests import: a harness that steps workers, a clock to move, faults, and contract suites for ports.

The fixtures of the pytest plugin stand on the first three.

Whoever writes a backend or an offload proves it in three lines:

    class TestMyOffload(OffloadTests):
        @pytest.fixture
        def offload(self, tmp_path):
            return MyOffload(tmp_path)

Nothing else in `rrq_core` imports this package, nor pytest. Its names are loaded when they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rrq_core.testing.backend import BackendTests
    from rrq_core.testing.builders import new_task, new_tasks, new_value, new_watcher, new_worker
    from rrq_core.testing.clock import ManualClock
    from rrq_core.testing.crashes import crash_everywhere
    from rrq_core.testing.faults import Crash, Faults
    from rrq_core.testing.hand import Hand
    from rrq_core.testing.harnessed import Harness, harness
    from rrq_core.testing.heartbeat import HeartbeatTests
    from rrq_core.testing.looking import assert_lawful, snapshot, unchanged
    from rrq_core.testing.messages import MessagesTests
    from rrq_core.testing.object_store import ObjectStoreTests
    from rrq_core.testing.offload import OffloadTests
    from rrq_core.testing.queue import QueueTests
    from rrq_core.testing.settings import SettingsTests
    from rrq_core.testing.stepped import SteppedWorker
    from rrq_core.testing.waiting import wait_until
    from rrq_core.testing.workers import WorkersTests

__all__ = [
    "BackendTests",
    "Crash",
    "Faults",
    "Hand",
    "Harness",
    "HeartbeatTests",
    "ManualClock",
    "MessagesTests",
    "ObjectStoreTests",
    "OffloadTests",
    "QueueTests",
    "SettingsTests",
    "SteppedWorker",
    "WorkersTests",
    "assert_lawful",
    "crash_everywhere",
    "harness",
    "new_task",
    "new_tasks",
    "new_value",
    "new_watcher",
    "new_worker",
    "snapshot",
    "unchanged",
    "wait_until",
]

_HOMES = {
    "backend": ["BackendTests"],
    "builders": ["new_task", "new_tasks", "new_value", "new_watcher", "new_worker"],
    "clock": ["ManualClock"],
    "crashes": ["crash_everywhere"],
    "faults": ["Crash", "Faults"],
    "hand": ["Hand"],
    "harnessed": ["Harness", "harness"],
    "heartbeat": ["HeartbeatTests"],
    "looking": ["assert_lawful", "snapshot", "unchanged"],
    "messages": ["MessagesTests"],
    "object_store": ["ObjectStoreTests"],
    "offload": ["OffloadTests"],
    "queue": ["QueueTests"],
    "settings": ["SettingsTests"],
    "stepped": ["SteppedWorker"],
    "waiting": ["wait_until"],
    "workers": ["WorkersTests"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
