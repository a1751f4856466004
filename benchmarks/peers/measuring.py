"""What is measured of each task queue. This runs in the environment of that queue, with redis-py and attrs beside it.

A queue is filled while no worker runs; then one worker process works it off. What is counted lies between two tasks
that mark the time, the first and the last in the queue. Then tasks are submitted one by one, each when the result of
the one before is there.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import redis
from attrs import frozen

URL = os.environ["BENCHMARK_URL"]
MARKS = "benchmark:marks"
WARM_UP = 20
LONGEST = 300


@frozen(kw_only=True)
class Peer:
    """A task queue, by what is done with it.

    Args:
        name: What it is called in the table.
        version: Its version.
        settings: How it is run, in words.
        submit: Submits a task that does nothing.
        mark: Submits a task that calls `mark_the_time`.
        ask: Submits a task that does nothing, and waits for its result.
        worker: The command that starts one worker process.
    """

    name: str
    version: str
    settings: str
    submit: Callable[[], object]
    mark: Callable[[], object]
    ask: Callable[[], object]
    worker: Sequence[str]


def give_back(value: int) -> int:
    """Do nothing, as a task."""
    return value


def mark_the_time() -> None:
    """Note the server's time."""
    with redis.Redis.from_url(URL) as client:
        seconds, microseconds = client.time()
        client.rpush(MARKS, f"{seconds}.{microseconds:06d}")


def measure(peer: Peer) -> None:
    """Measure so much as the command line says, tasks and round trips, and print the figures as JSON."""
    tasks, trips = map(int, sys.argv[1:])
    with redis.Redis.from_url(URL, socket_timeout=2 * LONGEST) as client:
        peer.mark()
        for _ in range(tasks):
            peer.submit()
        peer.mark()
        before = _requests(client)
        with _worker(peer.worker):
            start, end = (_next_mark(client) for _ in range(2))
            requests = _requests(client) - before
            trip = _round_trip(peer.ask, trips)
    figures = {"drain": tasks / (end - start), "requests": requests / tasks, "trip": trip}
    print(json.dumps({"name": peer.name, "version": peer.version, "settings": peer.settings, **figures}))


def _requests(client: "redis.Redis") -> int:
    """How many requests the server has read; several that a client sends at once may count as one."""
    return int(client.info("stats")["total_reads_processed"])


def _next_mark(client: "redis.Redis") -> float:
    found = client.blpop([MARKS], timeout=LONGEST)
    if found is None:
        raise SystemExit(f"no task has marked the time for {LONGEST} s: does the worker run?")
    return float(found[1])


@contextmanager
def _worker(command: Sequence[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def _round_trip(ask: Callable[[], object], trips: int) -> float:
    """Seconds of a round trip, in the median."""
    times = []
    for _ in range(WARM_UP + trips):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return median(times[WARM_UP:])
