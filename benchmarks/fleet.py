"""A machine full of workers: `python -m benchmarks.fleet [--workers N]`.

What their heartbeats cost, and their memory; how fast they come up together; how soon the task of one that was killed
runs elsewhere, where a parent sees it end, and where only its heartbeat tells.
"""

import argparse
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

import rrq_core as rrq
from benchmarks.ours import empty_queue
from benchmarks.server import describe, private_server
from benchmarks.table import Row, circumstances, duration, markdown
from rrq_core.testing import wait_until

CONFIG = "fleet"
PERIOD = 1.0
USUAL_PERIOD = 20.0
BEATS = 10
TOGETHER = 16
DEATHS = 5
LOADED = "','.join(sorted(name for name in __import__('sys').modules if not name.startswith('__')))"

# A process that has imported what a worker has, and does nothing.
BARE = """
import importlib, sys
for name in sys.argv[1].split(","):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
print("loaded", flush=True)
sys.stdin.read()
"""


def main() -> None:
    """Run all of it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=64, help="how many (default: %(default)s)")
    n = parser.parse_args().workers
    with private_server() as url:
        rows = [*crowd_rows(url, n), spawn_row(url), seen_row(url), unseen_row(url)]
        print(f"{circumstances(describe(url))}\n")
    print(markdown(rows))


@contextmanager
def queue_on(url: str) -> Iterator[rrq.Controller]:
    """Connect to an empty queue whose workers beat quickly."""
    with empty_queue(url) as queue:
        rrq.worker_config_save(CONFIG, rrq.worker_config(verbose=False, heartbeat_period=PERIOD), controller=queue)
        yield queue


def crowd_rows(url: str, n: int) -> Sequence[Row]:
    """Measure n idle workers with one parent: the work of their beater, and the memory of all."""
    with queue_on(url) as queue, rrq.worker_spawn(n, name_config=CONFIG, controller=queue) as workers:
        pids = process_ids(queue)
        beater = psutil.Process(pids[0]).parent()
        assert beater is not None, "workers that are started together have a parent"
        a_beat = beating_cost(beater) / (n * BEATS)
        loaded = modules_of(queue, workers.id[0])
        ours = sum(proportional_size(pid) for pid in (*pids, beater.pid))
    bare = bare_size(loaded, n)
    return (
        Row(
            what=f"beats of {n} workers, each {USUAL_PERIOD:.0f} s, in % of a core",
            ours=f"{a_beat * n / USUAL_PERIOD:.2%}",
            aim="< 1 %",
        ),
        Row(what="… one beat of one worker", ours=duration(a_beat)),
        Row(
            what=f"memory of {n} workers and their parent (floor: {n} interpreters that import the same)",
            floor=f"{bare / 2**20:,.0f} MiB",
            ours=f"{ours / 2**20:,.0f} MiB",
            ratio=f"{ours / bare - 1:+.0%}",
            aim="< +25 %",
        ),
    )


def modules_of(queue: rrq.Controller, worker: str) -> Sequence[str]:
    """Ask a worker what it has imported."""
    (answer,) = rrq.message_send_and_wait("EVAL", LOADED, [worker], named=False, controller=queue)
    return str(answer).split(",")


def process_ids(queue: rrq.Controller) -> Sequence[int]:
    """Give the process id of each worker."""
    return [process_id(queue, worker) for worker in rrq.worker_list(controller=queue)]


def process_id(queue: rrq.Controller, worker: str) -> int:
    """Give the process id of a worker."""
    info = rrq.worker_info([worker], controller=queue)[worker]
    assert info is not None, f"{worker} has said nothing of itself"
    return info.pid


def beating_cost(beater: psutil.Process) -> float:
    """Seconds of a core that a beater takes for some beats of all its workers."""
    before = beater.cpu_times()
    time.sleep(BEATS * PERIOD)
    after = beater.cpu_times()
    return (after.user - before.user) + (after.system - before.system)


def proportional_size(pid: int) -> int:
    """Bytes of memory of a process, what it shares with others divided among them."""
    size: int = psutil.Process(pid).memory_full_info().pss
    return size


def bare_size(modules: Sequence[str], n: int) -> int:
    """Bytes of memory of n interpreters that have imported some modules."""
    command = [sys.executable, "-c", BARE, ",".join(modules)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(n)]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        return sum(proportional_size(process.pid) for process in processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def spawn_row(url: str) -> Row:
    """Compare the start of several workers with that of one, on as many cores as there are."""
    alone, together = (median(seconds_to_come_up(url, n) for _ in range(3)) for n in (1, TOGETHER))
    turns = math.ceil(TOGETHER / (os.cpu_count() or 1))
    return Row(
        what=f"worker_spawn({TOGETHER}) until all are up (floor: one of them, {turns} times in a row)",
        floor=duration(alone * turns),
        ours=duration(together),
        ratio=f"{together / (alone * turns):.2f} ×",
        aim="≤ 1.5 ×",
    )


def seconds_to_come_up(url: str, n: int) -> float:
    """Start n workers, wait until they are up, and give the seconds that it took."""
    with queue_on(url) as queue:
        start = time.perf_counter()
        with rrq.worker_spawn(n, name_config=CONFIG, time_poll=0.01, controller=queue):
            return time.perf_counter() - start


def seen_row(url: str) -> Row:
    """Kill a worker that has a parent, and see when its task runs elsewhere."""
    delays = []
    for _ in range(DEATHS):
        with queue_on(url) as queue, rrq.worker_spawn(2, name_config=CONFIG, controller=queue):
            delays.append(until_it_runs_elsewhere(queue, lambda pid: os.kill(pid, signal.SIGKILL)))
    return Row(
        what="SIGKILL of a worker until its task runs elsewhere, its parent living",
        ours=f"{duration(median(delays))}, at most {duration(max(delays))}",
        aim="< 1 s",
    )


def unseen_row(url: str) -> Row:
    """Kill a worker and its beater, so that only time tells, and see when its task runs elsewhere."""
    delays = []
    for _ in range(DEATHS):
        with queue_on(url) as queue, lonely_workers(queue, 2):
            delays.append(until_it_runs_elsewhere(queue, kill_with_children))
    return Row(
        what=f"… nobody seeing it, heartbeats each {PERIOD:.0f} s",
        ours=f"{duration(median(delays))}, at most {duration(max(delays))}",
        aim=f"< {3 * PERIOD + 1:.0f} s",
    )


@contextmanager
def lonely_workers(queue: rrq.Controller, n: int) -> Iterator[None]:
    """Run workers that have no parent of ours, each with a beater as its child."""
    words = [sys.executable, "-m", "rrq_core.cli.worker", queue.queue_id, "--url", queue.url, "--config", CONFIG]
    ids = [f"lonely_{number}" for number in range(n)]
    processes = [
        subprocess.Popen([*words, "--worker-id", id], stdout=subprocess.DEVNULL, start_new_session=True) for id in ids
    ]
    try:
        rrq.worker_wait(ids, timeout=60, controller=queue)
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def kill_with_children(pid: int) -> None:
    """Kill a process and what it has started, those first."""
    process = psutil.Process(pid)
    for one in (*process.children(recursive=True), process):
        one.kill()


def until_it_runs_elsewhere(queue: rrq.Controller, kill: Callable[[int], None]) -> float:
    """Kill the worker of a task that is put back, and give the seconds until another has started it."""
    with tempfile.TemporaryDirectory(prefix="rrq-benchmark-") as directory:
        end = Path(directory) / "end"
        task = queue.options(on_lost="requeue").submit(wait_for_file, str(end))
        wait_until(lambda: task.status() == "RUNNING", "the task runs")
        worker = worker_of(task)
        pid = process_id(queue, worker)
        killed = time.time()
        kill(pid)
        wait_until(lambda: task.status() == "RUNNING" and worker_of(task) != worker, "another worker runs the task")
        started = task.times().start or math.inf
        end.touch()
        task.wait()
    return started - killed


def worker_of(task: rrq.Task[None]) -> str:
    """Give the worker that has claimed a task."""
    return str(task.info().worker)


def wait_for_file(path: str) -> None:
    """Wait until a file is there, as a task."""
    while not Path(path).exists():
        time.sleep(0.01)


if __name__ == "__main__":
    main()
