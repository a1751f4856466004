"""Workers that are killed at any moment: nothing is lost from the lists, and nothing runs twice."""

import hashlib
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.servers import PrivateServer

KILLS = 40
TASKS = 4000
AT_ONCE = 4

StartWorker = Callable[[str], "subprocess.Popen[bytes]"]


def mark(path: str, number: int) -> int:
    """Leave a line behind, whole in one write, after a millisecond or two of work."""
    hashlib.sha256(bytes(2_000_000)).digest()
    with open(path, "ab", buffering=0) as file:
        file.write(b"%d\n" % number)
    return number


@pytest.fixture
def start_worker(server: PrivateServer) -> Iterator[StartWorker]:
    """Starts a worker's process under a name; at the end none is left, whatever happened."""
    with ExitStack() as started:
        yield lambda name: _started(server, name, started)


def _started(server: PrivateServer, name: str, started: ExitStack) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "rrq_core.cli.worker", "lab", "--url", server.url, "--worker-id", name]
    process = started.enter_context(
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
    started.callback(process.kill)
    return process


def kill_while_busy(controller: rrq.Controller, names: list[str], processes: "list[subprocess.Popen[bytes]]") -> None:
    """Kill each at a moment of its own, once all of them work."""
    wait_until(lambda: set(names) <= set(rrq.worker_list(controller=controller)), "the workers are up", timeout=30)
    for process in processes:
        left = rrq.queue_length(controller=controller) - random.randrange(10, 60)
        wait_until(lambda left=left: rrq.queue_length(controller=controller) <= left, "they work", timeout=30)
        process.kill()
        process.wait()


def test_forty_kills_lose_nothing_and_run_nothing_twice(
    server: PrivateServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    path = str(tmp_path / "runs")
    with rrq.connect("lab", server.url, by_value=[__name__]) as controller:
        tasks = rrq.task_create_bulk_call(mark, {"path": [path] * TASKS, "number": range(TASKS)})
        for first in range(0, KILLS, AT_ONCE):
            names = [f"storm-{number}" for number in range(first, first + AT_ONCE)]
            kill_while_busy(controller, names, [start_worker(name) for name in names])
            wait_until(lambda names=names: not set(names) & set(rrq.worker_list()), "they are found to be lost")
            overview = rrq.task_overview(tasks)
            assert overview["COMPLETE"] + overview["PENDING"] + overview["DIED"] == TASKS
            assert rrq.queue_length() == overview["PENDING"]
        with rrq.worker_spawn(1, progress=False):
            rrq.task_wait(tasks, timeout=60, progress=False)
        died = rrq.task_overview(tasks)["DIED"]
        assert died <= KILLS
        assert rrq.task_overview(tasks)["COMPLETE"] == TASKS - died
        assert rrq.check().ok
    runs = Counter(Path(path).read_text().split())
    assert max(runs.values()) == 1
    assert len(runs) >= TASKS - died
