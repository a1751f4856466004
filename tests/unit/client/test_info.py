"""What is known of a task, but for its call and its result."""

import pytest

import rrq_core as rrq
from rrq_core.model.ids import new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.testing import new_task, wait_until
from rrq_core.testing.hand import Hand
from tests.unit.client.calls import double, fail

GRACE = 10


def test_a_waiting_task_has_a_queue_and_no_worker(q: rrq.Controller) -> None:
    info = q.options(queue="attic").submit(double, 1).info()
    assert (info.status, info.queue, info.separate_process, info.timeout) == ("PENDING", "attic", False, None)
    assert (info.worker, info.pid, info.attempts, info.due) == (None, None, (), None)
    assert info.times.submit is not None
    assert (info.depends.up, info.depends.down, info.moved.up, info.moved.down) == ((), (), (), ())


def test_a_running_task_has_a_worker_a_process_and_an_open_attempt(q: rrq.Controller) -> None:
    task, hand = new_task(separate_process=True, timeout=3.0), Hand(q.backend)
    work = hand.submit_and_take(task)
    hand.tell(work.claim, pid=4711)
    info = rrq.task_info(task.id)
    assert (info.status, info.worker, info.pid) == ("RUNNING", hand.worker.id, 4711)
    assert (info.separate_process, info.timeout) == (True, 3.0)
    (attempt,) = info.attempts
    assert (attempt.number, attempt.worker, attempt.end) == (1, hand.worker.id, None)
    assert attempt.start == info.times.start


def test_each_claim_is_an_attempt_with_its_error_in_a_line(q: rrq.Controller) -> None:
    task, hand = new_task(retries=1), Hand(q.backend)
    hand.finish(hand.submit_and_take(task), TaskStatus.ERROR, retry_in=0.0, note="ValueError: no")
    wait_until(lambda: q.backend.queue.recover(now=True) and rrq.queue_list(), "the retry is due")
    hand.complete(hand.take(task.id))
    attempts = rrq.task_info(task.id).attempts
    assert [(each.number, each.status, each.error) for each in attempts] == [
        (1, "ERROR", "ValueError: no"),
        (2, "COMPLETE", None),
    ]


def test_dependencies_are_shown_both_ways(q: rrq.Controller) -> None:
    parent = q.submit(double, 1)
    child = new_task(depends_on=(parent.id,))
    q.backend.queue.submit([child])
    assert parent.info().depends.down == (child.id,)
    assert rrq.task_info(child.id).depends.up == (parent.id,)


def test_a_task_that_waits_for_a_time_has_it(q: rrq.Controller) -> None:
    task = new_task(delay=60.0)
    q.backend.queue.submit([task])
    info = rrq.task_info(task.id)
    assert info.status == "DEFERRED"
    assert info.due == pytest.approx((info.times.submit or 0) + 60, abs=0.01)


def test_an_unknown_task_is_an_error(q: rrq.Controller) -> None:
    with pytest.raises(rrq.TaskNotFound):
        rrq.task_info(new_task_id())


def test_a_failed_attempt_names_its_error(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.submit(fail, "on purpose\nin two lines")
    task.wait(GRACE)
    (attempt,) = task.info().attempts
    assert attempt.error == "ValueError: on purpose in two lines"
    assert attempt.worker in workers.id
