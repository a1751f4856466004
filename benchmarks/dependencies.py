"""Dependencies at work: a long chain, a parent of many, and what other clients notice of it.

`python -m benchmarks.dependencies [--quick]`
"""

import argparse
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import pos

import redis
from attrs import frozen

import rrq_core as rrq
from benchmarks.ours import empty_queue, run_worker
from benchmarks.server import describe, private_server
from benchmarks.table import Row, circumstances, duration, markdown


@frozen(kw_only=True)
class Size:
    """How long the chain is, how many dependents are released, and how many while another client listens."""

    links: int
    released: int
    crowd: int


FULL = Size(links=1_000, released=10_000, crowd=50_000)
QUICK = Size(links=50, released=500, crowd=1_000)


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, which shows that all of it works")
    size = QUICK if parser.parse_args().quick else FULL
    with private_server() as url:
        rows = [chain_row(url, size.links), release_row(url, size.released), crowd_row(url, size.crowd)]
        print(f"{circumstances(describe(url))}\n")
    print(markdown(rows))


def chain_row(url: str, links: int) -> Row:
    """Compare tasks of which each waits for the one before it with tasks that wait for nothing."""
    alone, chained = seconds_a_task(url, links, in_a_chain=False), seconds_a_task(url, links, in_a_chain=True)
    return Row(
        what=f"a link of a chain of {links:,} tasks (floor: a task that waits for nothing)",
        floor=duration(alone),
        ours=duration(chained),
        ratio=f"{chained / alone:.2f} ×",
        aim="≤ 1.5 ×",
    )


def release_row(url: str, dependents: int) -> Row:
    """Measure how long it takes until all dependents of a parent are in the queue."""
    with empty_queue(url) as queue:
        parent, group = submit_family(queue, dependents)
        seconds = finish_parent(queue, parent)
        waiting = rrq.task_overview(group, controller=queue)[rrq.TaskStatus.PENDING]
    return Row(what=f"release of {waiting:,} dependents of one parent", ours=duration(seconds), aim="< 1 s")


def crowd_row(url: str, dependents: int) -> Row:
    """Measure how long another client waits for the server at most, while a parent of many ends."""
    with empty_queue(url) as queue:
        parent, _ = submit_family(queue, dependents)
        with pings(url) as waits:
            seconds = finish_parent(queue, parent)
    what = f"longest PING of another client while a parent of {dependents:,} ends (in {duration(seconds)})"
    return Row(what=what, ours=duration(max(waits)), aim="< 20 ms")


def seconds_a_task(url: str, n: int, *, in_a_chain: bool) -> float:
    """Seconds a task, from the first start to the last end, of one worker that finds all of them in the queue."""
    with empty_queue(url) as queue:
        rrq.worker_config_save("drain", rrq.worker_config(verbose=False, timeout_idle=0.5), controller=queue)
        tasks = [queue.submit(pos, 0)]
        while len(tasks) < n:
            tasks.append(queue.options(depends_on=tasks[-1] if in_a_chain else None).submit(pos, len(tasks)))
        run_worker(queue)
        times = rrq.task_times(tasks, controller=queue)
    return (max(one.complete or 0.0 for one in times) - min(one.start or 0.0 for one in times)) / n


def submit_family(queue: rrq.Controller, dependents: int) -> tuple[rrq.Task[int], Sequence[rrq.Task[int]]]:
    """Submit a parent, and those that wait for it, who go to a queue that nobody listens to."""
    parent = queue.submit(pos, 0)
    return parent, queue.options(queue="later", depends_on=parent).map(pos, range(dependents))


def finish_parent(queue: rrq.Controller, parent: rrq.Task[int]) -> float:
    """Run the parent, and give the seconds from its end until the worker, who sees to its dependents, has left."""
    rrq.worker_config_save("drain", rrq.worker_config(verbose=False, timeout_idle=0.05), controller=queue)
    run_worker(queue)
    return time.time() - (parent.times().complete or 0.0)


@contextmanager
def pings(url: str) -> Iterator[Sequence[float]]:
    """Ping the server without a pause, and give the seconds that each PING took."""
    waits, is_over = list[float](), threading.Event()

    def ping() -> None:
        with redis.Redis.from_url(url) as client:
            while not is_over.is_set():
                start = time.perf_counter()
                client.ping()
                waits.append(time.perf_counter() - start)

    thread = threading.Thread(target=ping)
    thread.start()
    try:
        yield waits
    finally:
        is_over.set()
        thread.join()


if __name__ == "__main__":
    main()
