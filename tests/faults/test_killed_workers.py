"""Workers that are killed at any moment: nothing is lost from the lists, and nothing runs twice."""

import hashlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.servers import PrivateServer

KILLS = 40
TASKS = 2000
AT_ONCE = 5

NURSERY = """
import os, sys
import rrq_core.worker.foreground, rrq_backends.redis.backend
from rrq_core.cli.worker import main

for name in sys.stdin:
    pid = os.fork()
    if not pid:
        os._exit(main(["lab", "--worker-id", name.strip()]))
    print(pid, flush=True)
"""
"""Forks workers, by name, from a process that has imported what they need: most of a start is that."""

StartWorker = Callable[[str], int]


def mark(path: str, number: int) -> int:
    """Leave a line behind, whole in one write, after a millisecond or two of work."""
    hashlib.sha256(bytes(2_000_000)).digest()
    with open(path, "ab", buffering=0) as file:
        file.write(b"%d\n" % number)
    return number


@pytest.fixture
def start_worker(server: PrivateServer) -> Iterator[StartWorker]:
    """Starts a worker's process under a name, and gives its number; at the end none is left, whatever happened."""
    started: list[int] = []
    with nursery_on(server) as (stdin, stdout):

        def start(name: str) -> int:
            stdin.write(f"{name}\n")
            stdin.flush()
            started.append(int(stdout.readline()))
            return started[-1]

        try:
            yield start
        finally:
            for pid in started:  # of the nursery, which buries none: no other process has such a number
                os.kill(pid, signal.SIGKILL)


@contextmanager
def nursery_on(server: PrivateServer) -> "Iterator[tuple[IO[str], IO[str]]]":
    """Run the nursery; give what it reads and what it writes."""
    words, pipe = [sys.executable, "-c", NURSERY], subprocess.PIPE
    with subprocess.Popen(
        words, env={**os.environ, "RRQ_URL": server.url}, stdin=pipe, stdout=pipe, text=True
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        yield nursery.stdin, nursery.stdout


def kill_while_busy(controller: rrq.Controller, workers: dict[str, int]) -> None:
    """Kill each at a moment of its own, once all of them work; they are found to be lost."""
    wait_until(lambda: workers.keys() <= set(rrq.worker_list(controller=controller)), "they are up", timeout=30)
    for pid in workers.values():
        left = rrq.queue_length(controller=controller) - random.randrange(5, 40)
        wait_until(lambda left=left: rrq.queue_length(controller=controller) <= left, "they work", timeout=30)
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not workers.keys() & set(rrq.worker_list(controller=controller)), "they are found to be lost")


def test_forty_kills_lose_nothing_and_run_nothing_twice(
    server: PrivateServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    path = str(tmp_path / "runs")
    with rrq.connect("lab", server.url, by_value=[__name__]) as controller:
        rrq.worker_config_save("localhost", rrq.worker_config(verbose=False))
        tasks = rrq.task_create_bulk_call(mark, {"path": [path] * TASKS, "number": range(TASKS)})
        for first in range(0, KILLS, AT_ONCE):
            names = [f"storm-{number}" for number in range(first, first + AT_ONCE)]
            kill_while_busy(controller, {name: start_worker(name) for name in names})
            overview = rrq.task_overview(tasks)
            assert overview["COMPLETE"] + overview["PENDING"] + overview["DIED"] == TASKS
            assert rrq.queue_length() == overview["PENDING"]
        with rrq.worker_spawn(2, progress=False):
            rrq.task_wait(tasks, timeout=60, progress=False)
        died = rrq.task_overview(tasks)["DIED"]
        assert died <= KILLS
        assert rrq.task_overview(tasks)["COMPLETE"] == TASKS - died
        assert rrq.check().ok
    runs = Counter(Path(path).read_text().split())
    assert max(runs.values()) == 1
    assert len(runs) >= TASKS - died
