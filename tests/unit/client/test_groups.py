"""Groups of tasks."""

import asyncio
import pickle
import threading

import pytest

import rrq_core as rrq
from tests.unit.client.calls import GATES, double, fail, wait_at

GRACE = 10


def test_a_group_is_a_sequence_of_handles(q: rrq.Controller) -> None:
    group = q.map(double, range(4))
    assert len(group) == 4
    assert group[-1] == list(group)[3]
    assert group[1] in group
    assert list(group[1:3]) == list(group)[1:3]
    assert isinstance(group[1:3], rrq.TaskGroup)
    assert group.overview()[rrq.TaskStatus.PENDING] == 4


def test_results_raise_all_that_failed(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    group = q.map(fail, ["one", "two"])
    assert not group.wait(GRACE)
    with pytest.raises(rrq.TaskErrorGroup) as caught:
        group.results(GRACE)
    assert [str(error.__cause__) for error in caught.value.exceptions] == ["one", "two"]


def test_tasks_come_as_they_end(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    GATES["slow"] = threading.Event()
    slow, fast = group = q.map(wait_at_or_not, ["slow", ""])
    order = group.as_completed(GRACE)
    arrived = iter(order)
    assert next(arrived) == fast
    GATES["slow"].set()
    assert list(arrived) == [slow]


def wait_at_or_not(gate: str) -> str:
    return wait_at(gate) if gate else ""


def test_tasks_come_as_they_end_in_an_event_loop_too(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    async def collect() -> set[int]:
        return {await task async for task in q.map(double, range(5)).as_completed()}

    assert asyncio.run(collect()) == {0, 2, 4, 6, 8}


def test_it_may_take_too_long(q: rrq.Controller) -> None:
    group = q.map(double, range(2))
    with pytest.raises(rrq.TaskTimeout, match="2 tasks"):
        list(group.as_completed(0.05))

    async def collect() -> list[rrq.Task[int]]:
        return [task async for task in group.as_completed(0.05)]

    with pytest.raises(rrq.TaskTimeout, match="2 tasks"):
        asyncio.run(collect())


def test_tasks_that_are_not_kept_go_when_their_results_were_handed_out(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    assert q.map(double, range(3), keep=False).results(GRACE) == [0, 2, 4]
    assert rrq.task_list() == []
    assert sorted(task.result() for task in q.map(double, range(3), keep=False).as_completed(GRACE)) == [0, 2, 4]
    assert rrq.task_list() == []


def test_tasks_that_failed_are_kept(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    group = q.map(fail, ["one"], keep=False)
    with pytest.raises(rrq.TaskErrorGroup):
        group.results(GRACE)
    assert rrq.task_list() == [group[0].id]


def test_a_group_finds_its_controller_again_after_a_journey(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    group = pickle.loads(pickle.dumps(q.map(double, range(3), keep=False)))
    assert repr(group) == "<TaskGroup of 3 tasks of the queue 'lab'>"
    assert group[1:].results(GRACE) == [2, 4]
    assert rrq.task_exists(group) == [True, False, False]
