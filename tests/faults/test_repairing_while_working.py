"""Repairing a queue that is in use: nothing is said to be broken that is not, nothing is lost, nothing runs twice."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from rrq_core.model.ids import TaskId, new_task_id
from rrq_core.model.report import Violation
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry, NewTask
from rrq_core.model.work import Finished, FinishReply, Work
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing import new_task, new_value
from rrq_core.testing.hand import Hand
from rrq_core.testing.waiting import wait_until
from tests.faults.conftest import QUEUE_ID
from tests.servers import PrivateServer

WORKERS = 4
FAMILIES = 250
OVER = frozenset({TaskStatus.COMPLETE, TaskStatus.MOVED})


def family(number: int) -> list[NewTask]:
    """A task, two that take its result (one of them fails at first, and may be tried again), one that needs both."""
    top = new_task(values=(), retries=1)
    flaky = new_task(depends_on=(top.id,), takes_result_of=(top.id,), retries=1, body=b"flaky")
    side = new_task(depends_on=(top.id,), delay=0.01 if number % 3 == 0 else 0.0, key=f"k{number}")
    last = new_task(depends_on=(flaky.id, side.id), takes_result_of=(side.id,), result_ttl=600.0)
    return [top, flaky, side, last]


class Lab:
    """Workers, a client that retries and submits, and one that repairs, all at once."""

    def __init__(self, server: PrivateServer) -> None:
        self.server = server
        self.stop = threading.Event()
        self.finished: Counter[TaskId] = Counter()
        self.lock = threading.Lock()
        self.repairs = 0

    def opened(self) -> Backend:
        return open_backend(self.server.url, QUEUE_ID)

    def work(self) -> None:
        """Run what there is. A flaky task fails the first time, for good now and then: somebody retries it."""
        hand, finished = Hand(self.opened()), None
        while not self.stop.is_set():
            step = hand.step(finished)
            if finished is not None:
                self._count(finished, step.finish)
            finished = self._end_of(step.work) if isinstance(step.work, Work) else None
            if finished is None:
                hand.backend.queue.recover()
                hand.backend.workers.wait(hand.session, hand.queues, 0.05)
        if finished is not None:
            hand.backend.queue.step(hand.session, finished, None)
        hand.backend.close()

    def _end_of(self, work: Work) -> Finished:
        is_failure = work.body == b"flaky" and work.claim.attempt == 1 and work.root == work.claim.task
        status = TaskStatus.ERROR if is_failure else TaskStatus.COMPLETE
        again = random.choice([0.0, 0.01, None]) if is_failure else None
        result = new_value(work.claim.task.encode())
        return Finished(claim=work.claim, status=status, result=result, retry_in=again, note="")

    def _count(self, finished: Finished, reply: FinishReply) -> None:
        assert reply in (FinishReply.OK, FinishReply.RETRY), f"{finished.claim.task}: {reply}"
        if finished.status is TaskStatus.COMPLETE:
            with self.lock:
                self.finished[finished.claim.task] += 1

    def repair(self) -> list[Violation]:
        backend, found = self.opened(), list[Violation]()
        while not self.stop.is_set():
            found += backend.queue.check(repair=True)
            self.repairs += 1
        backend.close()
        return found

    def retry(self) -> None:
        """Retry what has failed, so that what was impossible is possible again."""
        backend = self.opened()
        while not self.stop.is_set():
            for task in backend.queue.tasks(TaskStatus.ERROR):
                backend.queue.retry([NewRetry(task=task, new=new_task_id())])
            self.stop.wait(0.02)
        backend.close()


def test_repairing_hurts_nothing_that_is_at_work(shared_server: PrivateServer, direct: Backend) -> None:
    lab = Lab(shared_server)
    families = [family(number) for number in range(FAMILIES)]
    with ThreadPoolExecutor() as threads:
        actors: list[Callable[[], object]] = [lab.work] * WORKERS + [lab.retry]
        running = [threads.submit(actor) for actor in actors]
        repairing = threads.submit(lab.repair)
        try:
            for number, tasks in enumerate(families):
                direct.queue.submit(tasks)
                if number % 50 == 49:
                    before = lab.repairs
                    wait_until(lambda before=before: lab.repairs > before or repairing.done(), "it was repaired", 60)
            wait_until(lambda: _all_over(direct, [*running, repairing]), "all tasks are over", 60)
        finally:
            lab.stop.set()
    for actor in running:
        actor.result()
    assert repairing.result() == []
    assert direct.queue.check() == []
    _assert_each_completed_once(direct, lab.finished, families)


def _all_over(backend: Backend, actors: list[Future[object]]) -> bool:
    if any(actor.done() for actor in actors):
        return True  # one has failed, and says why
    return set(backend.queue.overview()) <= OVER


def _assert_each_completed_once(backend: Backend, finished: Counter[TaskId], families: list[list[NewTask]]) -> None:
    every = [task.id for tasks in families for task in tasks]
    leaves = [record.id for record in backend.queue.read(every, frozenset(), follow=True) if record is not None]
    assert len(leaves) == 4 * FAMILIES
    assert finished == Counter(leaves)
