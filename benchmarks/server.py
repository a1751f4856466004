"""A private server on the loopback interface, so that the floor and the library use the same one in the same way."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import redis

from rrq_backends.embedded.binary import find_binary

HOST = "127.0.0.1"


@contextmanager
def private_server() -> Iterator[str]:
    """Start a server that keeps nothing on disk, give its URL, and stop it at the end."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="rrq-benchmark-") as directory:
        command = [str(find_binary().path), "--port", str(port), "--bind", HOST, "--dir", directory, "--save", ""]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait_until_it_answers(port)
            yield f"redis://{HOST}:{port}/0"
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """Find a TCP port that nobody uses."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_it_answers(port: int, timeout: float = 10.0) -> None:
    """Return when the server on a port answers PING."""
    deadline = time.monotonic() + timeout
    with redis.Redis(HOST, port) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)


def describe(url: str) -> str:
    """Say which server it is."""
    with redis.Redis.from_url(url) as client:
        info = client.info("server")
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}"


class CommandCount:
    """What a server has counted since this was made: commands by name, and requests read from clients.

    The server's `commandstats` count what scripts call like what clients send. EVALSHA and BLPOP come from clients only
    (our scripts call neither), and the number of reads tells whether clients sent anything else.
    """

    COMMANDS = ("evalsha", "blpop")

    def __init__(self, url: str) -> None:
        self._url = url
        self._before = self._counts()

    def since(self) -> Mapping[str, int]:
        """Give the counts: `evalsha`, `blpop`, and `reads` of requests."""
        after = self._counts()
        return {name: after[name] - self._before[name] for name in after}

    def _counts(self) -> dict[str, int]:
        with redis.Redis.from_url(self._url) as client:
            commands, stats = client.info("commandstats"), client.info("stats")
        counts = {name: commands.get(f"cmdstat_{name}", {}).get("calls", 0) for name in self.COMMANDS}
        return {**counts, "reads": stats["total_reads_processed"]}
