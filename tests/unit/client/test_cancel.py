"""Cancelling tasks. A hand stands in for workers of tasks in processes of their own."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import rrq_core as rrq
from rrq_core.model.ids import TaskId, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry, Standing
from rrq_core.model.work import Work
from rrq_core.testing import new_task, wait_until
from rrq_core.testing.hand import Hand
from tests.unit.client.calls import GATES, double, wait_at


@pytest.fixture
def gate() -> Iterator[str]:
    """A gate that tasks wait at, opened at the end of the test."""
    GATES["cancel"] = threading.Event()
    yield "cancel"
    GATES["cancel"].set()


def separate(q: rrq.Controller, **wishes: int) -> TaskId:
    task = new_task(separate_process=True, **wishes)  # type: ignore[arg-type]  # retries only
    q.backend.queue.submit([task])
    return task.id


def was_asked(hand: Hand, work: Work) -> bool:
    return hand.tell(work.claim) is Standing.CANCEL


def test_a_waiting_task_is_cancelled_and_leaves_its_queue(q: rrq.Controller) -> None:
    task, other = q.submit(double, 1), q.submit(double, 2)
    task.cancel()
    assert task.status() == "CANCELLED"
    assert rrq.queue_list() == [other.id]
    assert "it was cancelled" in str(rrq.task_result(task))
    assert rrq.task_wait(task, timeout=5) is False


def test_a_deferred_task_is_cancelled_and_those_that_need_it_are_impossible(q: rrq.Controller) -> None:
    parent = q.submit(double, 1)
    middle, last = new_task(depends_on=(parent.id,)), new_task()
    last = new_task(depends_on=(middle.id,))
    q.backend.queue.submit([middle, last])
    rrq.task_cancel(middle.id)
    assert rrq.task_status([parent.id, middle.id, last.id]) == ["PENDING", "CANCELLED", "IMPOSSIBLE"]


def test_what_runs_inside_its_worker_is_refused_with_the_remedy(
    q: rrq.Controller, workers: rrq.WorkerManager, gate: str
) -> None:
    task = q.submit(wait_at, gate)
    wait_until(lambda: task.status() == "RUNNING", "the task runs")
    with pytest.raises(rrq.NotCancellable, match=r"RUNNING inside its worker.*separate_process=True"):
        task.cancel()
    assert issubclass(rrq.NotCancellable, ValueError)
    GATES[gate].set()
    assert task.result(10) == gate


def test_what_is_over_is_refused_with_its_status_and_stays_as_it_is(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    done, cancelled = q.submit(double, 1), q.options(queue="attic").submit(double, 2)
    assert done.wait(10)
    cancelled.cancel()
    for task, status in ((done, "COMPLETE"), (cancelled, "CANCELLED")):
        with pytest.raises(rrq.NotCancellable, match=status):
            task.cancel()
    assert done.result() == 2


def test_of_a_task_that_was_retried_the_error_names_the_one_to_cancel(q: rrq.Controller) -> None:
    task = q.submit(double, 1)
    task.cancel()
    new = task.retry()
    with pytest.raises(rrq.NotCancellable, match=new.id):
        task.cancel()
    assert new.status() == "PENDING"


def test_an_unknown_task_cannot_be_cancelled(q: rrq.Controller) -> None:
    with pytest.raises(rrq.TaskNotFound):
        rrq.task_cancel(new_task_id())


@pytest.mark.parametrize("wrong", [{"wait": 5}, {"timeout_wait": -1}, {"timeout_wait": "soon"}])
def test_a_wrong_argument_cancels_nothing(q: rrq.Controller, wrong: dict[str, object]) -> None:
    task = q.submit(double, 1)
    with pytest.raises(rrq.InvalidArgument, match="wait"):
        rrq.task_cancel(task, **wrong)  # type: ignore[arg-type]  # it is wrong on purpose
    assert task.status() == "PENDING"


def test_one_task_is_cancelled_at_a_time(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match="a task is a Task or its id"):
        rrq.task_cancel([q.submit(double, 1)])  # type: ignore[arg-type]  # it is wrong on purpose


def test_a_task_in_a_process_of_its_own_is_asked_and_waited_for(q: rrq.Controller) -> None:
    id, hand = separate(q), Hand(q.backend)
    work = hand.take(id)
    with ThreadPoolExecutor() as others:
        cancelling = others.submit(rrq.task_cancel, id, controller=q)
        wait_until(lambda: was_asked(hand, work), "the worker hears of it")
        assert not cancelling.done()
        hand.fail(work, TaskStatus.CANCELLED)
        assert cancelling.result(5) is None
    assert rrq.task_status(id) == "CANCELLED"


def test_without_wait_it_is_only_asked(q: rrq.Controller) -> None:
    id, hand = separate(q), Hand(q.backend)
    work = hand.take(id)
    rrq.task_cancel(id, wait=False)
    assert was_asked(hand, work)
    assert rrq.task_status(id) == "RUNNING"


def test_one_that_has_not_stopped_in_time_is_an_error_of_its_own(q: rrq.Controller) -> None:
    id, hand = separate(q), Hand(q.backend)
    work = hand.take(id)
    with pytest.raises(rrq.CancelTimeout, match=r"asked to stop and has not within 0\.05 s"):
        rrq.task_cancel(id, timeout_wait=0.05)
    assert issubclass(rrq.CancelTimeout, TimeoutError)
    assert was_asked(hand, work)


def test_one_that_ends_well_meanwhile_is_complete_and_the_error_says_so(q: rrq.Controller) -> None:
    id, hand = separate(q), Hand(q.backend)
    work = hand.take(id)
    with ThreadPoolExecutor() as others:
        cancelling = others.submit(rrq.task_cancel, id, controller=q)
        wait_until(lambda: was_asked(hand, work), "the worker hears of it")
        hand.complete(work)
        with pytest.raises(rrq.NotCancellable, match=r"ended before it heard of it: it is COMPLETE"):
            cancelling.result(5)


def test_one_that_fails_meanwhile_is_not_tried_again_and_the_error_says_how_it_ended(q: rrq.Controller) -> None:
    id, hand = separate(q, retries=5), Hand(q.backend)
    work = hand.take(id)
    with ThreadPoolExecutor() as others:
        cancelling = others.submit(rrq.task_cancel, id, controller=q)
        wait_until(lambda: was_asked(hand, work), "the worker hears of it")
        hand.finish(work, TaskStatus.ERROR, retry_in=60.0)
        with pytest.raises(rrq.NotCancellable, match="it is ERROR"):
            cancelling.result(5)
    assert rrq.deferred_list() == {}


def test_one_that_is_retried_while_somebody_cancels_it_is_not_cancelled_in_silence(q: rrq.Controller) -> None:
    id, hand = separate(q), Hand(q.backend)
    work = hand.take(id)
    with ThreadPoolExecutor() as others:
        cancelling = others.submit(rrq.task_cancel, id, controller=q)
        wait_until(lambda: was_asked(hand, work), "the worker hears of it")
        hand.fail(work)
        q.backend.queue.retry([NewRetry(task=id, new=new_task_id())])
        with pytest.raises(rrq.NotCancellable, match=r"ERROR|MOVED"):
            cancelling.result(5)
