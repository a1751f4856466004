"""Writers to an offload, killed at any moment: nothing refers to what is not whole, and nothing stays behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.servers import PrivateServer

GRACE = 30
LIMIT = 1000
SIZE = 50_000
LONG_AGO = 1_000_000_000.0

MORTAL = """
import os, signal, sys
import rrq_core as rrq
import rrq_backends.redis.objects as objects
import rrq_offload_disk.disk as disk
from rrq_core.cli.worker import main

def is_large(argument):
    values = argument.values() if isinstance(argument, dict) else [argument]
    return any(isinstance(value, bytes | memoryview) and len(value) > 1000 for value in values)

def mortal(owner, name, act, is_meant=lambda *arguments: any(map(is_large, arguments))):
    whole = getattr(owner, name)
    def call(*arguments):
        if not is_meant(*arguments):
            return whole(*arguments)
        act(whole, *arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(owner, name, call)

def do(whole, *arguments):
    whole(*arguments)

def do_half(write, to, data):
    write(to, data[: len(data) // 2])

{
    "half-written": lambda: mortal(disk.os, "write", do_half),
    "written": lambda: mortal(disk.DiskOffload, "mset", do),
    "committed": lambda: mortal(objects.RedisObjectStore, "commit", do, lambda *_: True),
}[sys.argv[1]]()
"""
"""A process that kills itself in the midst of a large write, when it is written, or when the store knows."""

WORKER = f"{MORTAL}\nmain(['lab', '--url', sys.argv[2], '--worker-id', 'mortal'])"
CLIENT = f"{MORTAL}\nrrq.connect('lab', sys.argv[2]).submit(len, os.urandom({SIZE}))"

MOMENTS = ("half-written", "written", "committed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def q(server: PrivateServer, root: Path) -> Iterator[rrq.Controller]:
    rrq.configure("lab", server.url, store_max_size=LIMIT, offload=root)
    with rrq.connect("lab", server.url) as controller:
        yield controller


def killed(program: str, moment: str, server: PrivateServer) -> None:
    ended = subprocess.run([sys.executable, "-c", program, moment, server.url], timeout=GRACE, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} - {"rrq-queue.json"}


def collect_after_a_day(q: rrq.Controller, server: PrivateServer, root: Path) -> None:
    """Make all that lies there old, and have it collected."""
    for path in root.iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    with server.client() as client:
        for tag in client.zrange("lab:object_store:provisional", 0, -1):
            client.zadd("lab:object_store:provisional", {tag: LONG_AGO})
    q.backend.queue.recover(now=True)
    assert rrq.check(repair=True).ok


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_that_is_killed_while_it_writes_a_result_leaves_nothing(
    q: rrq.Controller, server: PrivateServer, root: Path, moment: str
) -> None:
    task = q.options(on_lost="requeue").submit(os.urandom, SIZE)
    killed(WORKER, moment, server)
    assert names(root), "it has begun to write"
    assert rrq.check().ok
    wait_until(lambda: task.status() == "PENDING", "the task is back", timeout=GRACE)
    with rrq.worker_spawn(1):
        result = task.result(GRACE)
    collect_after_a_day(q, server, root)
    assert task.result() == result
    task.delete()  # and with it what a lost attempt had finished writing
    collect_after_a_day(q, server, root)
    assert names(root) == set()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_client_that_is_killed_while_it_writes_an_argument_leaves_nothing(
    q: rrq.Controller, server: PrivateServer, root: Path, moment: str
) -> None:
    killed(CLIENT, moment, server)
    assert names(root), "it has begun to write"
    assert rrq.check().ok
    assert rrq.task_list() == []
    collect_after_a_day(q, server, root)
    assert names(root) == set()
    assert q.objects.list() == []
