"""Directories with an embedded server, for tests: each its own, and its processes gone at the end."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
import redis
from attrs import frozen

from rrq_backends.embedded.locks import is_held
from rrq_backends.embedded.place import Place, place_of
from rrq_backends.embedded.record import ServerRecord, read_record
from rrq_backends.embedded.server import stop_server
from rrq_core.testing.waiting import wait_until


@frozen
class EmbeddedPlace:
    """A directory, and what runs there."""

    directory: Path

    @property
    def url(self) -> str:
        """Its URL, for a server that stops as soon as nobody uses it."""
        return self.at("idle=0")

    def at(self, query: str) -> str:
        return f"embedded://{self.directory}?{query}"

    @property
    def place(self) -> Place:
        return place_of(self.url)

    def record(self) -> ServerRecord:
        record = read_record(self.place.record)
        assert record is not None
        return record

    def runs(self) -> bool:
        return self.directory.exists() and is_held(self.place.server_lock)

    def await_end(self) -> None:
        """Wait until neither the server nor its keeper is left."""
        record = read_record(self.place.record)
        wait_until(lambda: not self.runs(), "the server has ended")
        if record is not None:
            await_death(record.keeper)

    def await_looks(self, times: int = 3) -> None:
        """Wait until the keeper has looked for users so many times more."""
        keeper = psutil.Process(self.record().keeper)
        before = keeper.num_ctx_switches().voluntary
        wait_until(lambda: keeper.num_ctx_switches().voluntary >= before + times, "the keeper looks for users")

    def client(self) -> "redis.Redis":
        return redis.Redis(unix_socket_path=str(self.record().socket), socket_timeout=5)

    def starts(self) -> int:
        """How many servers wrote to the log that they are ready."""
        return self.place.log.read_text().count("Ready to accept connections")

    def run(self, script: str, **environment: str) -> str:
        """Run a Python program on this place, as another process; `URL` is defined there. Give what it prints."""
        program = f"URL = {self.url!r}\n{textwrap.dedent(script)}"
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            timeout=60,
        )
        return done.stdout


def is_alive(pid: int) -> bool:
    """Tell whether a process runs: one that only waits for its parent to look does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def await_death(pid: int) -> None:
    """Wait until a process has ended."""
    wait_until(lambda: not is_alive(pid), f"the process {pid} has ended")


@contextmanager
def embedded_place(name: str = "d") -> Iterator[EmbeddedPlace]:
    """A directory that is not there yet, with a short path; the socket lies in it, on every machine."""
    with TemporaryDirectory(prefix="rrq-test-") as parent, pytest.MonkeyPatch.context() as environment:
        environment.delenv("XDG_RUNTIME_DIR", raising=False)
        place = EmbeddedPlace(Path(parent) / name)
        try:
            yield place
        finally:
            if place.runs():
                stop_server(place.place)
            place.await_end()
