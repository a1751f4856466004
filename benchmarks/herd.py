"""A thousand idle workers, asleep: does a task wake one of them or all? `python -m benchmarks.herd [--workers N]`.

Each worker is a thread with connections of its own, which sleeps and claims as a real one does, and holds what it has
claimed until its phase is over. A claim that finds nothing was a wake-up for nothing.
"""

import argparse
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from statistics import median

from attrs import define, field, frozen

from benchmarks.server import describe, private_server
from benchmarks.table import circumstances, duration
from rrq_core.model.ids import DEFAULT_QUEUE, QueueId, TaskId, WorkerId, new_task_id
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import NewTask
from rrq_core.model.work import Finished, Session, Take, Work
from rrq_core.model.worker import NewWorker, WorkerInfo
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend

QUEUE_ID = QueueId("herd")
TAKE = Take(queues=(DEFAULT_QUEUE,))
SINGLE_TASKS = 20
SLEEP = 60.0


@define
class Herd:
    """What all workers share: when each task was claimed, and how many wakes there were, how many for nothing."""

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
            singles = measure(backend, herd, [1] * min(SINGLE_TASKS, n), "one by one")
            burst = measure(backend, herd, [n - len(singles.delays)], "the rest at once")
    print(markdown([singles, burst]))


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
        session = backend.workers.register(NewWorker(id=worker, queues=TAKE.queues, info=information()))
        work = backend.queue.step(session, take=TAKE).work
        herd.count(asleep=1)
        while not isinstance(work, Work):
            backend.workers.wait(session, TAKE.queues, SLEEP)
            work = backend.queue.step(session, take=TAKE).work
            herd.count(wakes=1, empty=int(work is None))
        herd.claimed(work.claim.task)
        herd.is_over.wait()
        leave(backend, session, work)


def leave(backend: Backend, session: Session, work: Work) -> None:
    """Finish what is held, and sign off."""
    backend.queue.step(session, Finished(claim=work.claim, status=TaskStatus.COMPLETE, result=None))
    backend.workers.leave(session, WorkerStatus.EXITED, "the benchmark is over")


def information() -> WorkerInfo:
    """Give what a worker tells of itself; nobody looks at it here."""
    return WorkerInfo(
        host="",
        pid=0,
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
