"""The library, doing what the floor does, and what the floor has no counterpart for."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from operator import pos
from pathlib import Path
from statistics import median

import redis
from attrs import frozen

import rrq_core as rrq
from benchmarks.server import CommandCount
from rrq_core.testing import Hand
from rrq_core.worker.run import run_task


@frozen(kw_only=True)
class Drain:
    """How one worker emptied a queue: tasks a second, and what the server counted, a task."""

    rate: float
    commands: Mapping[str, float]


def drain(url: str, n: int) -> Drain:
    """Let one worker process run n tasks that do nothing, and keep their results, while nobody waits for them.

    The rate is by the server's clock, from the start of the first task to the end of the last. The commands are all
    that the worker sent, those for coming and going too.
    """
    with empty_queue(url) as queue:
        rrq.worker_config_save("drain", rrq.worker_config(verbose=False, timeout_idle=0.5), controller=queue)
        tasks = rrq.task_create_bulk_call(pos, range(n), controller=queue)
        counted = CommandCount(url)
        run_worker(queue)
        commands = counted.since()
        times = rrq.task_times(tasks, controller=queue)
    seconds = max(one.complete or 0.0 for one in times) - min(one.start or 0.0 for one in times)
    return Drain(rate=n / seconds, commands={name: count / n for name, count in commands.items()})


def run_worker(queue: rrq.Controller) -> None:
    """Run one worker in a process of its own, until it has been idle for a while."""
    command = [sys.executable, "-m", "rrq_core.cli.worker", queue.queue_id, "--url", queue.url, "--config", "drain"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def submit(url: str, n: int) -> float:
    """Tasks a second of one bulk submission."""
    with empty_queue(url) as queue:
        start = time.perf_counter()
        rrq.task_create_bulk_call(pos, range(n), controller=queue)
        return n / (time.perf_counter() - start)


def round_trip(url: str, n: int) -> float:
    """Seconds, in the median, to submit a task to an idle worker, have it run, and get its result."""
    with empty_queue(url) as queue, rrq.worker_spawn(1, controller=queue):
        return median(submit_and_wait(queue, number) for number in range(n))


def memory_by_hand(n: int) -> float:
    """Seconds, in the median, to submit a task, take it, run it, hand it in, and get its result, all in one thread."""
    with rrq.connect("benchmark", "memory://by-hand") as queue:
        hand = Hand(queue.backend)
        return median(submit_and_step(queue, hand, number) for number in range(n))


def submit_and_step(queue: rrq.Controller, hand: Hand, value: int) -> float:
    """Run one task as a worker does, one step at a time, and give the seconds until its result was there."""
    start = time.perf_counter()
    task = queue.submit(pos, value)
    work = hand.take()
    finished = run_task(work, queue.queue_id, partial(queue.backend.queue.update, work.claim))
    hand.finish(work, finished.status, finished.result)
    rrq.task_result(task)
    return time.perf_counter() - start


def memory(n: int) -> float:
    """The same with a worker that is another thread, which has to be woken."""
    with rrq.connect("benchmark", "memory://benchmark") as queue, rrq.worker_spawn(1, controller=queue):
        return median(submit_and_wait(queue, number) for number in range(n))


def submit_and_wait(queue: rrq.Controller, value: int) -> float:
    """Run one task and give the seconds until its result was there."""
    start = time.perf_counter()
    queue.submit(pos, value).result()
    return time.perf_counter() - start


def first_connect() -> float:
    """Seconds to connect to embedded:// in an empty directory, the start of its server included."""
    with tempfile.TemporaryDirectory(prefix="rrq-benchmark-", ignore_cleanup_errors=True) as directory:
        start = time.perf_counter()
        with rrq.connect("benchmark", f"embedded://{directory}/server?idle=0"):
            return time.perf_counter() - start


def import_time() -> float:
    """Seconds that `import rrq_core` adds to the start of Python."""
    return python("import rrq_core") - python("pass")


def python(code: str) -> float:
    """Seconds that a fresh Python takes for some code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)
    return time.perf_counter() - start


def empty_queue(url: str) -> rrq.Controller:
    """Connect to a queue on a server that has been emptied."""
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return rrq.connect("benchmark", url)
