"""The pytest plugin: fixtures for tests of one's own tasks, marks of the contract suites, and their asserts explained.

pytest loads it at each start, so it imports next to nothing.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rrq_core import Controller

_SUITES = "backend case hand heartbeat looking messages object_store offload queue settings workers"

pytest.register_assert_rewrite(*(f"rrq_core.testing.{name}" for name in _SUITES.split()))


def pytest_configure(config: pytest.Config) -> None:
    """Make our marks known."""
    config.addinivalue_line(
        "markers",
        "rrq_needs(attribute, reason): a contract test for backends that have this attribute (shared, durable); "
        "others skip it, and say why",
    )


@pytest.fixture
def rrq_queue() -> Iterator["Controller"]:
    """A queue in the memory of this process with one worker, a thread. Inside the test it is the default controller."""
    from rrq_core import connect, destroy, worker_spawn

    with connect("test", f"memory://{secrets.token_hex(8)}") as controller:
        with worker_spawn(controller=controller):
            yield controller
        destroy(controller=controller)


@pytest.fixture
def rrq_server(tmp_path: Path) -> str:
    """The URL of a private server. It starts when it is first opened, and stops when nobody has it open any more."""
    return f"embedded://{tmp_path}?idle=0"
