"""The life of a task under options: retried by itself, delayed, expired."""

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

import rrq_core as rrq
from rrq_core.testing import wait_until
from tests.unit.client.calls import GATES, double, wait_at

CALLS: dict[str, list[int]] = {}


def fail_until(name: str, attempt: int) -> int:
    """Fail before the so-many-th attempt."""
    CALLS[name].append(len(CALLS[name]) + 1)
    if len(CALLS[name]) < attempt:
        raise OSError(f"attempt {len(CALLS[name])}")
    return len(CALLS[name])


def fail_with_argument(name: str, number: int) -> int:
    return number * fail_until(name, 2)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    CALLS[request.node.name] = []
    yield request.node.name
    del CALLS[request.node.name]


@pytest.fixture
def polling(q: rrq.Controller) -> Iterator[rrq.WorkerManager]:
    """A worker that looks often after what has expired."""
    rrq.worker_config_save("polling", rrq.worker_config(poll_queue=0.5))
    with rrq.worker_spawn(1, name_config="polling") as manager:
        yield manager


def test_a_task_is_tried_again_under_its_id_and_tells_of_each_attempt(
    q: rrq.Controller, workers: rrq.WorkerManager, name: str
) -> None:
    task = q.options(retries=2).submit(fail_until, name, 3)
    assert task.result(timeout=10) == 3
    attempts = rrq.task_info(task).attempts
    assert [(one.number, str(one.status), one.error) for one in attempts] == [
        (1, "ERROR", "OSError: attempt 1"),
        (2, "ERROR", "OSError: attempt 2"),
        (3, "COMPLETE", None),
    ]


def test_after_the_last_retry_the_error_is_that_of_the_last_attempt(
    q: rrq.Controller, workers: rrq.WorkerManager, name: str
) -> None:
    task = q.options(retries=1).submit(fail_until, name, 99)
    with pytest.raises(OSError, match="attempt 2"):
        task.result(timeout=10)
    assert CALLS[name] == [1, 2]


def test_an_error_of_another_kind_is_not_retried(q: rrq.Controller, workers: rrq.WorkerManager, name: str) -> None:
    task = q.options(retries=5, retry_on=(KeyError, ValueError)).submit(fail_until, name, 3)
    with pytest.raises(OSError, match="attempt 1"):
        task.result(timeout=10)


def test_between_attempts_the_task_waits_for_its_time_and_the_worker_does_other_work(
    q: rrq.Controller, name: str
) -> None:
    with rrq.worker_spawn(1):
        task = q.options(retries=1, retry_delay=0.5).submit(fail_until, name, 2)
        wait_until(lambda: task.status() == "DEFERRED", "the task waits for its next attempt")
        assert rrq.deferred_list() == {task.id: {}}
        assert q.submit(double, 1).result(timeout=10) == 2
        assert task.status() == "DEFERRED"
        assert task.result(timeout=10) == 2
        first, second = rrq.task_info(task).attempts
        assert second.start - (first.end or 0.0) >= 0.4


def test_delays_grow_where_they_are_to_double(q: rrq.Controller, workers: rrq.WorkerManager, name: str) -> None:
    task = q.options(retries=3, retry_delay=rrq.exponential(0.1, 0.4)).submit(fail_until, name, 4)
    assert task.result(timeout=10) == 4
    pauses = [after.start - (before.end or 0.0) for before, after in pairwise(rrq.task_info(task).attempts)]
    assert [pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True)] == [True] * 3


def test_results_among_the_arguments_are_there_in_every_attempt(
    q: rrq.Controller, workers: rrq.WorkerManager, name: str
) -> None:
    number = q.submit(double, 5)
    task = rrq.task_create_call(fail_with_argument, [name, number], retries=1)
    assert task.result(timeout=10) == 20


def test_a_delayed_task_starts_after_its_time(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.options(delay=0.3).submit(double, 1)
    assert task.status() == "DEFERRED"
    task.wait(timeout=10)
    times = task.times()
    assert (times.start or 0.0) - (times.submit or 0.0) >= 0.3


def test_a_task_with_a_delay_and_a_dependency_waits_for_both(
    q: rrq.Controller, workers: rrq.WorkerManager, name: str
) -> None:
    GATES[name] = threading.Event()
    first = q.submit(wait_at, name)
    second = q.options(delay=0.2, depends_on=first).submit(double, 1)
    wait_until(lambda: rrq.task_info(second).due is None, "the delay is over")
    assert second.status() == "DEFERRED"
    GATES[name].set()
    assert second.result(timeout=10) == 2


def test_a_task_expires_with_all_that_belongs_to_it(q: rrq.Controller, polling: rrq.WorkerManager) -> None:
    task = q.options(result_ttl=0.2).submit(double, 1)
    kept = q.submit(double, 2)
    assert task.result(timeout=10) == 2
    wait_until(lambda: not rrq.task_exists(task), "the task has expired", 20)
    assert kept.result(timeout=10) == 4
    assert rrq.task_list() == [kept.id]
    assert not rrq.check().violations


def test_a_result_that_is_still_needed_outlives_its_expired_task(q: rrq.Controller, polling: rrq.WorkerManager) -> None:
    GATES["expiry"] = threading.Event()
    needed = q.options(result_ttl=0.1).submit(double, 1)
    gate = q.submit(wait_at, "expiry")
    later = q.options(depends_on=gate).submit(double, needed)
    wait_until(lambda: q.backend.queue.recover(now=True) and not rrq.task_exists(needed), "it has expired")
    assert later.status() == "DEFERRED"
    GATES["expiry"].set()
    assert later.result(timeout=10) == 4
