"""The pytest plugin: fixtures for tests of one's own tasks, marks of the contract suites, and their asserts explained.

pytest loads it at each start, so it imports next to nothing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rrq_core import Controller
    from rrq_core.testing.clock import ManualClock
    from rrq_core.testing.faults import Faults
    from rrq_core.testing.harnessed import Harness

_SUITES = "backend case crashes hand heartbeat looking messages object_store offload queue settings workers"

pytest.register_assert_rewrite(*(f"rrq_core.testing.{name}" for name in _SUITES.split()))


def pytest_configure(config: pytest.Config) -> None:
    """Make our marks known."""
    config.addinivalue_line(
        "markers",
        "rrq_needs(attribute, reason): a contract test for backends that have this attribute (shared, durable); "
        "others skip it, and say why",
    )


@pytest.fixture
def rrq_faults() -> "Faults":
    """What goes wrong between this process and the queue of `rrq_queue` or `rrq_harness`: nothing, until it is told."""
    from rrq_core.testing.faults import Faults

    return Faults()


@pytest.fixture
def rrq_clock() -> "Iterator[ManualClock]":
    """A clock that stands still until it is moved, for the queue of `rrq_queue` or `rrq_harness` and its workers."""
    from rrq_core.testing.clock import ManualClock

    with ManualClock() as clock:
        yield clock


@pytest.fixture
def rrq_queue(rrq_faults: "Faults") -> "Iterator[Controller]":
    """A queue in the memory of this process with one worker, a thread. Inside the test it is the default controller."""
    from rrq_core import worker_spawn
    from rrq_core.testing.fresh_queue import fresh_queue

    with fresh_queue(rrq_faults) as controller, worker_spawn(controller=controller):
        yield controller
        rrq_faults.clear()  # so that the worker can be stopped


@pytest.fixture
def rrq_harness(rrq_faults: "Faults", rrq_clock: "ManualClock") -> "Iterator[Harness]":
    """A queue in the memory of this process, whose workers the test steps by hand; its clock is `rrq_clock`."""
    from rrq_core.testing.harnessed import harness

    with harness(rrq_faults) as made:
        yield made


@pytest.fixture
def crash_everywhere() -> "Callable[..., int]":
    """What runs a scenario once for each of its calls to the store, with a crash at it; see the function."""
    from rrq_core.testing.crashes import crash_everywhere

    return crash_everywhere


@pytest.fixture
def rrq_server(tmp_path: Path) -> str:
    """The URL of a private server. It starts when it is first opened, and stops when nobody has it open any more."""
    return f"embedded://{tmp_path}?idle=0"
