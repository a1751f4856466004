"""A server for each module, and workers that are processes of their own on it; a module may have others."""

from collections.abc import Iterator

import pytest

from tests.fleet import Fleet, fleet_on
from tests.servers import PrivateServer, private_server


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with private_server() as server:
        yield server


@pytest.fixture
def fleet(server: PrivateServer, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """An empty queue; the functions of the test's module are sent to its workers by value."""
    with server.client() as client:
        client.flushall()
    with fleet_on(server, request.module.__name__) as fleet:
        yield fleet
