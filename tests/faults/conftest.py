"""Servers that may be hurt."""

from collections.abc import Iterator

import pytest

from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from tests.faults.proxy import CuttingProxy, cutting_proxy
from tests.servers import PrivateServer, private_server

QUEUE_ID = QueueId("lab")


@pytest.fixture(scope="module")
def shared_server() -> Iterator[PrivateServer]:
    """One server for all tests of a module, which leave it as it is."""
    with private_server() as server:
        yield server


@pytest.fixture
def server() -> Iterator[PrivateServer]:
    """A server for one test, which may kill it."""
    with private_server() as server:
        yield server


@pytest.fixture
def direct(shared_server: PrivateServer) -> Iterator[Backend]:
    """A backend with a whole connection to the server."""
    with shared_server.client() as client:
        client.flushall()
    backend = open_backend(shared_server.url, QUEUE_ID)
    yield backend
    backend.close()


@pytest.fixture
def proxy(shared_server: PrivateServer) -> Iterator[CuttingProxy]:
    """A proxy before the same server."""
    with cutting_proxy(shared_server.port) as proxy:
        yield proxy


@pytest.fixture
def cut(proxy: CuttingProxy) -> Iterator[Backend]:
    """A backend whose replies get lost when the proxy is told so."""
    backend = open_backend(proxy.url, QUEUE_ID)
    yield backend
    backend.close()
