"""A thousand idle workers, asleep: what do they cost the server, and does a task wake one of them or all?

`python -m benchmarks.herd [--workers N]`. Each worker is a thread with connections of its own, which sleeps, beats,
sees to the queue and claims as a real one does, and holds what it has claimed until its phase is over. A claim that
finds nothing before it was time to look was a wake-up for nothing.
"""

import argparse
import math
import random
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from statistics import median

import redis
from attrs import define, field, frozen

from benchmarks.server import describe, private_server
from benchmarks.table import circumstances, duration
from rrq_core.model.ids import DEFAULT_QUEUE, QueueId, TaskId, WorkerId, new_task_id
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import NewTask
from rrq_core.model.work import Finished, Session, Take, Work
from rrq_core.model.worker import Beat, HeartbeatTerms, NewWorker, WorkerInfo
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend

QUEUE_ID = QueueId("herd")
TAKE = Take(queues=(DEFAULT_QUEUE,))
SINGLE_TASKS = 20
POLL_QUEUE = 5.0
TERMS = HeartbeatTerms(period=20.0, expire=60.0)
IDLE_FOR = 20.0


@define
class Herd:
    """What all workers share: when each task was claimed, and how many wakes there were, how many for nothing.

    `poll_queue`: how long they sleep at most, about, in seconds.
    """

    poll_queue: float = POLL_QUEUE

    started: dict[TaskId, float] = field(factory=dict)
    wakes: int = 0
    empty: int = 0
    asleep: int = 0
    is_over: threading.Event = field(factory=threading.Event)
    changed: threading.Condition = field(factory=threading.Condition)

    def count(self, *, wakes: int = 0, empty: int = 0, asleep: int = 0) -> None:
        """Add to the counts."""
        with self.changed:
            self.wakes, self.empty, self.asleep = self.wakes + wakes, self.empty + empty, self.asleep + asleep
            self.changed.notify_all()

    def claimed(self, task: TaskId) -> None:
        """Note that a task has been claimed now."""
        with self.changed:
            self.started[task] = time.perf_counter()
            self.changed.notify_all()

    def wait_for_claims(self, tasks: Sequence[TaskId], timeout: float = 120.0) -> None:
        """Return when all tasks are claimed."""
        with self.changed:
            if not self.changed.wait_for(lambda: all(task in self.started for task in tasks), timeout):
                raise TimeoutError(f"{len(tasks) - len(self.started)} tasks were not claimed in {timeout} s")

    def wait_until_asleep(self, n: int, timeout: float = 120.0) -> None:
        """Return when n workers are about to sleep."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.asleep >= n, timeout):
                raise TimeoutError(f"{self.asleep} of {n} workers came up in {timeout} s")


@frozen(kw_only=True)
class Phase:
    """What one way of submitting did."""

    what: str
    delays: Sequence[float]
    wakes: int
    empty: int


def main() -> None:
    """Let the herd sleep, submit tasks singly and then all at once, and print what woke."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1000, help="how many (default: %(default)s)")
    n = parser.parse_args().workers
    allow_open_files(4 * n + 100)
    with private_server() as url:
        print(f"{circumstances(describe(url))} {n:,} sleeping workers.\n")
        with sleeping_workers(url, n) as herd, closing(open_backend(url, QUEUE_ID)) as backend:
            idle = idle_cost(url)
            sleep_soundly(herd)
            singles = measure(backend, herd, [1] * min(SINGLE_TASKS, n), "one by one")
            burst = measure(backend, herd, [n - len(singles.delays)], "the rest at once")
    print(markdown([singles, burst]))
    print(f"\nAsleep, they cost the server {idle:.1%} of a core.")


def allow_open_files(n: int) -> None:
    """Raise this process' limit of open files, as far as it may, to n."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = n if hard == resource.RLIM_INFINITY else min(n, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


@contextmanager
def sleeping_workers(url: str, n: int) -> Iterator[Herd]:
    """Start n workers, wait until all sleep, and let them go at the end."""
    herd = Herd()
    threads = [
        threading.Thread(target=work_once, args=(url, WorkerId(f"herd_{number}"), herd), daemon=True)
        for number in range(n)
    ]
    for thread in threads:
        thread.start()
    try:
        herd.wait_until_asleep(n)
        time.sleep(1.0)  # the last of them have said that they will sleep; the server must have heard it
        yield herd
    finally:
        herd.is_over.set()
        for thread in threads:
            thread.join()


def work_once(url: str, worker: WorkerId, herd: Herd) -> None:
    """Be a worker that claims one task, holds it until the end, finishes it and leaves."""
    with closing(open_backend(url, QUEUE_ID)) as backend:
        new = NewWorker(id=worker, queues=TAKE.queues, info=information(), heartbeat=TERMS)
        session = backend.workers.register(new)
        step = backend.queue.step(session, take=TAKE)
        herd.count(asleep=1)
        beaten = time.monotonic()
        while not isinstance(step.work, Work):
            was_woken = sleep(herd, backend, session, step.look_again)
            step = backend.queue.step(session, take=TAKE)
            herd.count(wakes=int(was_woken), empty=int(was_woken and step.work is None))
            if not was_woken:
                backend.queue.recover()
            if time.monotonic() - beaten > TERMS.period / 2:
                beat(backend, session)
                beaten = time.monotonic()
        work = step.work
        herd.claimed(work.claim.task)
        herd.is_over.wait()
        leave(backend, session, work)


def sleep_soundly(herd: Herd) -> None:
    """Have all sleep so long that none looks by itself while wake-ups are counted: it may take another one's task."""
    herd.poll_queue = 10 * POLL_QUEUE
    time.sleep(1.5 * POLL_QUEUE)


def sleep(herd: Herd, backend: Backend, session: Session, look_again: float | None) -> bool:
    """Sleep as long as an idle worker does, and tell whether it was woken before its time."""
    longest = min(herd.poll_queue * random.uniform(0.8, 1.2), math.inf if look_again is None else look_again)
    asleep_since = time.monotonic()
    backend.workers.wait(session, TAKE.queues, longest)
    return time.monotonic() - asleep_since < longest - 0.01


def beat(backend: Backend, session: Session) -> None:
    """Prove that a worker lives, as its beater would."""
    assert session.heartbeat_key is not None
    backend.heartbeat.beat([Beat(key=session.heartbeat_key, expire=TERMS.expire, value="60", session=session)])


def idle_cost(url: str) -> float:
    """Give the part of a core that the server takes while all sleep."""
    with redis.Redis.from_url(url) as client:
        before = used_cpu(client)
        time.sleep(IDLE_FOR)
        return (used_cpu(client) - before) / IDLE_FOR


def used_cpu(client: "redis.Redis") -> float:
    """Give the seconds of a core that a server has taken since it started."""
    info = client.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def leave(backend: Backend, session: Session, work: Work) -> None:
    """Finish what is held, and sign off."""
    backend.queue.step(session, Finished(claim=work.claim, status=TaskStatus.COMPLETE, result=None))
    backend.workers.leave(session, WorkerStatus.EXITED, "the benchmark is over")


def information() -> WorkerInfo:
    """Give what a worker tells of itself; nobody looks at it here."""
    return WorkerInfo(
        host="",
        pid=0,
        process_start="",
        boot_id="",
        username="",
        platform="",
        python="",
        rrq="",
        config="localhost",
        queues=TAKE.queues,
        cwd="",
    )


def measure(backend: Backend, herd: Herd, portions: Sequence[int], what: str) -> Phase:
    """Submit tasks in portions, each when the one before has been claimed, and see what it woke."""
    wakes, empty = herd.wakes, herd.empty
    delays: list[float] = []
    for size in portions:
        tasks = [NewTask(id=new_task_id(), body=b"nothing", queue=DEFAULT_QUEUE) for _ in range(size)]
        start = time.perf_counter()
        backend.queue.submit(tasks)
        herd.wait_for_claims([task.id for task in tasks])
        delays += [herd.started[task.id] - start for task in tasks]
    time.sleep(0.5)  # for those that were woken for nothing to say so
    return Phase(what=what, delays=delays, wakes=herd.wakes - wakes, empty=herd.empty - empty)


def markdown(phases: Sequence[Phase]) -> str:
    """Make the table of the phases."""
    lines = [
        "| submitted | tasks | woken | woken for nothing | claimed after, median | the last |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for phase in phases:
        cells = [phase.what, f"{len(phase.delays):,}", f"{phase.wakes:,}", f"{phase.empty:,}"]
        times = [duration(median(phase.delays)), duration(max(phase.delays))]
        lines.append(f"| {' | '.join(cells + times)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
