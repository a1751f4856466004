"""Tasks in processes of their own: what they cost on a warm zygote, beside a bare fork and a fresh interpreter."""

import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import rrq_core as rrq
from benchmarks.ours import empty_queue, python

# A process that holds what a zygote holds, and forks children that do nothing.
FORKS = """
import gc, os, statistics, sys, time
import rrq_core.worker.process.zygote
gc.collect()
gc.freeze()
times = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    times.append(time.perf_counter() - start)
print(statistics.median(times))
"""


def fork(n: int) -> float:
    """Seconds, in the median, to fork a process of a zygote's size, have it end, and wait for it."""
    command = [sys.executable, "-c", FORKS, str(n)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def fresh_interpreter() -> float:
    """Seconds to start a fresh Python that loads numpy, and have it end."""
    return python("import numpy")


def separate_task(url: str, n: int) -> float:
    """Seconds, in the median, from the start of a task in a process of its own to that of the next.

    By the server's clock; the worker is busy with one after another, and its zygote is warm.
    """
    with empty_queue(url) as queue, rrq.worker_spawn(1, controller=queue):
        options = queue.options(separate_process=True)
        options.submit(abs, -1).result()
        tasks = options.map(abs, range(n + 1))
        tasks.wait()
        starts = sorted(one.start or 0.0 for one in rrq.task_times(tasks, controller=queue))
        return median(later - earlier for earlier, later in itertools.pairwise(starts))


def cancel(url: str, n: int) -> float:
    """Seconds, in the median, to cancel a task that sleeps in a process of its own, and hear that it is over."""
    with empty_queue(url) as queue, rrq.worker_spawn(1, controller=queue), tempfile.TemporaryDirectory() as directory:
        return median(cancel_one(queue, Path(directory) / str(number)) for number in range(n))


def cancel_one(queue: rrq.Controller, started: Path) -> float:
    """Start one task, wait until it sleeps, and give the seconds that its cancelling takes."""
    task = queue.options(separate_process=True).submit(sleep, str(started))
    while not started.exists():
        time.sleep(0.01)
    start = time.perf_counter()
    task.cancel()
    return time.perf_counter() - start


def sleep(started: str) -> None:
    """Say that it began, and sleep, as a task."""
    Path(started).touch()
    time.sleep(1000)
