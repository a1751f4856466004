"""Handles of tasks."""

import asyncio
import pickle
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

import rrq_core as rrq
from rrq_core.testing import wait_until
from tests.unit.client.calls import GATES, double, fail, wait_at

V = TypeVar("V")


def test_two_handles_of_a_task_are_equal_and_no_string_is(q: rrq.Controller, url: str) -> None:
    task = q.submit(double, 1)
    assert q.task(task.id) == task
    assert len({task, q.task(task.id), q.submit(double, 1)}) == 2
    assert task != task.id
    with rrq.connect("other", url) as other:
        assert other.task(task.id) != task


def test_a_handle_finds_its_controller_again_after_a_journey(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = pickle.loads(pickle.dumps(q.submit(double, 4)))
    assert task.result(timeout=10) == 8
    with rrq.connect("other", "memory://another-place"):  # another default
        assert task.result(timeout=10) == 8


def test_a_handle_is_small_and_has_no_password_in_it() -> None:
    with rrq.connect("lab", "memory://me:secret@there") as q:
        sent = pickle.dumps(q.submit(double, 1))
    assert b"secret" not in sent
    assert len(sent) < 200


def test_a_handle_without_a_controller_says_what_to_connect_to(url: str) -> None:
    with rrq.connect("far away", url) as q:
        sent = pickle.dumps(q.submit(double, 1))
    with pytest.raises(rrq.NoDefaultController, match="far away"):
        pickle.loads(sent).status()


def test_a_handle_of_another_queue_is_refused(q: rrq.Controller, url: str) -> None:
    with rrq.connect("other", url) as other:
        task = other.submit(double, 1)
        with pytest.raises(rrq.InvalidArgument, match="'other'"):
            rrq.task_status(task, controller=q)


@pytest.mark.parametrize("task", [7, None, b"0" * 32])
def test_what_is_no_task_is_refused(q: rrq.Controller, task: object) -> None:
    with pytest.raises(rrq.InvalidArgument, match="task"):
        rrq.task_status(task)  # type: ignore[call-overload]  # it is wrong on purpose


def test_a_handle_tells_the_life_of_its_task(q: rrq.Controller) -> None:
    task = q.submit(double, 21)
    assert task.status() == "PENDING"
    assert task.times().start is None
    with rrq.worker_spawn(1):
        assert task.wait(timeout=10)
    times = task.times()
    assert times.submit is not None
    assert times.start is not None
    assert times.complete is not None
    assert times.submit <= times.start <= times.complete
    task.delete()
    assert task.status() == "MISSING"


def test_awaiting_a_task_gives_its_value_or_raises_its_error(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    async def await_all() -> list[int | BaseException]:
        tasks = [q.submit(double, 1), q.submit(fail, "on purpose"), q.submit(double, 3)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    one, error, three = asyncio.run(await_all())
    assert (one, three) == (2, 6)
    assert isinstance(error, ValueError)
    assert isinstance(error, rrq.TaskError)


def test_awaiting_does_not_block_the_event_loop(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    gate = GATES["await"] = threading.Event()

    async def open_the_gate_meanwhile() -> str:
        task = asyncio.ensure_future(result_of(q.submit(wait_at, "await")))
        await asyncio.sleep(0)
        assert not task.done()
        gate.set()
        return await task

    assert asyncio.run(open_the_gate_meanwhile()) == "await"


async def result_of(task: rrq.Task[V]) -> V:
    return await task


def test_an_await_that_is_given_up_leaves_the_task(q: rrq.Controller) -> None:
    task = q.submit(double, 1)

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await task

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert task.status() == "PENDING"
    with rrq.worker_spawn(1):
        assert asyncio.run(result_of(task)) == 2


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda task, q: task.result(10), id="result"),
        pytest.param(lambda task, q: rrq.TaskGroup([task], q).results(10)[0], id="results"),
        pytest.param(lambda task, q: asyncio.run(_awaited(task)), id="await"),
    ],
)
def test_the_result_of_a_task_that_was_retried_when_it_was_over_is_that_of_the_new_one(
    q: rrq.Controller, workers: rrq.WorkerManager, read: Callable[[rrq.Task[str], rrq.Controller], str]
) -> None:
    gate = GATES["again"] = threading.Event()
    gate.set()
    q.submit(double, 1).wait(10)
    task = q.submit(wait_at, "again")
    wait_until(lambda: task.status().is_terminal, "the task is over")
    q.submit(double, 2).wait(10)  # by now this controller has heard that the other is over, too
    gate.clear()
    task.retry()
    threading.Timer(0.1, gate.set).start()
    assert read(task, q) == "again"


async def _awaited(task: rrq.Task[V]) -> V:
    return await task


def test_without_follow_a_task_that_was_retried_has_no_result_and_says_where_it_is(
    url: str, q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    task = q.submit(double, 1)
    task.wait(10)
    task.retry().wait(10)
    with rrq.connect("lab", url, follow=False) as unfollowing:
        for read in (unfollowing.task(task.id).result, lambda: rrq.task_result(task, follow=False)):
            with pytest.raises(rrq.ResultMissing, match="is MOVED and has no result of its own"):
                read()
