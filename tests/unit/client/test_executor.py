"""The executor does what those of the standard library do."""

import threading
from concurrent.futures import CancelledError, Executor, as_completed, wait

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.unit.client.calls import GATES, add, double, fail, wait_at

GRACE = 10


@pytest.fixture
def gate() -> str:
    GATES["executor"] = threading.Event()
    return "executor"


def test_a_future_has_the_value(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    with q.executor() as executor:
        assert isinstance(executor, Executor)
        future = executor.submit(add, 1, b=2)
        assert future.result(GRACE) == 3
        assert future.task.status() == "COMPLETE"


def test_a_future_has_the_error(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    with q.executor() as executor:
        error = executor.submit(fail, "no").exception(GRACE)
    assert isinstance(error, ValueError)
    assert isinstance(error, rrq.TaskError)


def test_values_come_in_the_order_of_the_arguments(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    with q.executor() as executor:
        assert list(executor.map(add, [1, 2], (n for n in (10, 20, 30)), timeout=GRACE)) == [11, 22]
        assert list(executor.map(double, [])) == []


def test_the_first_error_ends_a_map(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    with q.executor() as executor, pytest.raises(ValueError):
        list(executor.map(fail, ["one", "two"], timeout=GRACE))


def test_a_map_may_take_too_long(q: rrq.Controller) -> None:
    executor = q.executor()
    with pytest.raises(TimeoutError):
        next(executor.map(double, [1], timeout=0.05))
    assert q.backend.queue.overview()[rrq.TaskStatus.CANCELLED] == 1


def test_futures_go_with_those_of_others(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    with q.executor() as executor:
        futures = [executor.submit(double, n) for n in range(20)]
        assert {future.result() for future in as_completed(futures, GRACE)} == set(range(0, 40, 2))
        assert not wait(futures, GRACE).not_done


def test_what_has_not_begun_can_be_cancelled(q: rrq.Controller) -> None:
    executor = q.executor()
    future = executor.submit(double, 1)
    assert future.cancel()
    assert future.cancelled()
    with pytest.raises(CancelledError):
        future.result(GRACE)
    assert future.task.status() == "CANCELLED"


def test_what_has_begun_cannot(q: rrq.Controller, workers: rrq.WorkerManager, gate: str) -> None:
    with q.executor() as executor:
        future = executor.submit(wait_at, gate)
        wait_until(lambda: future.task.status() == "RUNNING", "it has begun")
        assert not future.cancel()
        GATES[gate].set()
        assert future.result(GRACE) == gate
        assert not future.cancel()


def test_leaving_waits_for_what_is_under_way(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    with q.executor() as executor:
        futures = [executor.submit(double, n) for n in range(5)]
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(double, 1)


def test_shutting_down_can_cancel_what_has_not_begun(q: rrq.Controller) -> None:
    executor = q.executor()
    futures = [executor.submit(double, n) for n in range(3)]
    executor.shutdown(cancel_futures=True)
    assert all(future.cancelled() for future in futures)


def test_options_hold_for_its_tasks(q: rrq.Controller) -> None:
    executor = q.executor(queue="slow")
    assert executor.submit(double, 1).task.info().queue == "slow"
    with pytest.raises(rrq.InvalidArgument):
        q.executor(key="one")
    executor.shutdown(cancel_futures=True)


def test_a_controller_that_is_closed_ends_its_futures(q: rrq.Controller, url: str) -> None:
    with rrq.connect("lab", url) as other:
        future = other.executor().submit(double, 1)
    assert isinstance(future.exception(GRACE), rrq.Closed)
