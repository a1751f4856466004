"""The backends that the contract suites are run against."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from attrs import frozen

from rrq_backends.redis.backend import build_backend
from rrq_backends.redis.connection import connector_of
from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from tests.contract.reference import Server, open_reference
from tests.contract.repeating import repeating
from tests.contract.servers import SessionServer, redis_binary, session_server, valkey_binary

ADAPTERS = ("reference", "memory", "embedded", "valkey", "redis", "repeating")
ODD_ENDINGS = ("", ":b", "*", "[a-z]", " ü", ":task:status", "?", "{tag}", "\\", "%s")


@frozen(kw_only=True)
class Adapter:
    """A store to run suites against.

    `take_keys` shows what lies in it, of whomever, and removes it; None where nobody can look past the ports.
    `repeats`: each call is made twice.
    """

    open: Callable[[QueueId], Backend]
    take_keys: Callable[[], set[bytes]] | None = None
    repeats: bool = False


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[SessionServer]:
    with session_server(valkey_binary()) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[SessionServer]:
    with session_server(redis_binary()) as server:
        yield server


@pytest.fixture(scope="session")
def reference() -> Adapter:
    server = Server()
    return Adapter(open=lambda queue_id: open_reference(server, queue_id))


@pytest.fixture(scope="session")
def memory() -> Adapter:
    return Adapter(open=lambda queue_id: open_backend("memory://contract", queue_id))


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    directory: Path = tmp_path_factory.mktemp("embedded")
    url = f"embedded://{directory}?idle=0"
    keeper = open_backend(url, QueueId("keeps the server running"))
    yield Adapter(open=lambda queue_id: open_backend(url, queue_id))
    keeper.close()


@pytest.fixture(scope="session")
def valkey(valkey_server: SessionServer) -> Adapter:
    return Adapter(open=lambda queue_id: open_backend(valkey_server.url, queue_id), take_keys=valkey_server.take_keys)


@pytest.fixture(scope="session")
def redis(redis_server: SessionServer) -> Adapter:
    return Adapter(open=lambda queue_id: open_backend(redis_server.url, queue_id), take_keys=redis_server.take_keys)


@pytest.fixture(scope="session", name="repeating")
def repeating_valkey(valkey_server: SessionServer) -> Adapter:
    url, connector = valkey_server.url, repeating(connector_of(valkey_server.url))
    return Adapter(
        open=lambda queue_id: build_backend(connector, url, queue_id, shared=True, durable=True),
        take_keys=valkey_server.take_keys,
        repeats=True,
    )


@pytest.fixture(scope="session", params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    found: Adapter = request.getfixturevalue(request.param)
    return found


_NUMBERS = count()


@pytest.fixture
def queue_id() -> QueueId:
    """A queue id that nobody has, with something odd about it now and then."""
    number = next(_NUMBERS)
    return QueueId(f"q{number}{ODD_ENDINGS[number % len(ODD_ENDINGS)]}")


@pytest.fixture
def contract_backend(adapter: Adapter, queue_id: QueueId) -> Iterator[Backend]:
    """An empty backend; nothing is left of it, or of anything that the test made beside it."""
    backend = adapter.open(queue_id)
    yield backend
    backend.queue.destroy()
    backend.close()
    if adapter.take_keys is not None:
        assert adapter.take_keys() == set(), "keys were left behind"
