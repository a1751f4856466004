"""Tasks that wait for others, and take their results."""

from collections.abc import Callable
from operator import add
from pathlib import Path
from typing import Any

import pytest

import rrq_core as rrq
from tests.unit.client.calls import fail


def double(n: Any) -> Any:  # a number, or to a type checker the handle that stands for one
    return 2 * n


def first_of(values: list[object]) -> object:
    return values[0]


def collect(*args: object, **kwargs: object) -> object:
    return args, kwargs


def are_same(one: object, other: object) -> bool:
    return one is other


def make_list(n: int) -> list[int]:
    return [0] * n


class Unreadable:
    """It can be pickled, and not unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return fail, ("it fell apart",)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("as_id", [False, True])
def test_a_task_waits_for_those_it_depends_on(q: rrq.Controller, several: bool, as_id: bool) -> None:
    first = q.submit(double, 1)
    named = first.id if as_id else first
    second = rrq.task_create_call(double, [2], depends_on=[named] if several else named)
    assert second.status() == "DEFERRED"
    assert rrq.queue_list() == [first.id]
    with rrq.worker_spawn(1):
        assert second.result(timeout=10) == 4
    assert first.status() == "COMPLETE"


def test_a_handle_among_the_arguments_is_the_result_for_the_task(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    two = q.submit(double, 1)
    numbers = q.map(double, [1, 2, 3])
    task = q.submit(collect, two, [two, (numbers,)], k={"deep": {"er": numbers[2]}})
    assert task.result(timeout=10) == ((2, [2, ([2, 4, 6],)]), {"k": {"deep": {"er": 6}}})


def test_a_map_over_tasks_takes_the_result_of_one_each(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    assert q.map(add, q.map(double, [1, 2, 3]), [10, 20, 30]).results(timeout=10) == [12, 24, 36]


def test_a_bulk_call_takes_results_in_its_data_and_in_what_all_calls_share(workers: rrq.WorkerManager) -> None:
    one = rrq.task_create_call(double, [1])
    tasks = rrq.task_create_bulk_call(collect, {"a": [one, 5]}, {"b": one})
    results = [task.result(timeout=10) for task in tasks]
    assert results == [((), {"b": 2, "a": 2}), ((), {"b": 2, "a": 5})]


def test_tasks_in_depends_on_and_among_the_arguments_are_all_waited_for(q: rrq.Controller) -> None:
    one, other = q.map(double, [1, 2])
    task = q.options(depends_on=[one, other.id]).submit(add, other, 1)
    assert set(rrq.task_info(task).depends.up) == {one.id, other.id}


def test_a_large_result_arrives_as_an_argument(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    large = rrq.task_create_call(len, [q.submit(make_list, 500_000)])
    assert large.result(timeout=20) == 500_000


def test_equal_results_of_two_tasks_are_two_objects_and_one_task_twice_is_one(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    one, other = q.map(make_list, [3, 3])
    assert q.submit(are_same, one, other).result(timeout=10) is False
    assert q.submit(are_same, one, q.task(one.id)).result(timeout=10) is True


def test_a_result_outlives_the_task_that_it_came_from(q: rrq.Controller) -> None:
    parent = q.submit(double, 4)
    child = q.options(delay=0.3).submit(double, parent)
    with rrq.worker_spawn(1):
        parent.wait(timeout=10)
        parent.delete()
        assert child.result(timeout=10) == 16


def test_the_result_of_a_retried_parent_arrives(q: rrq.Controller, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    parent = q.submit(read_text, str(ready))
    child = q.submit(len, [parent, parent])
    with rrq.worker_spawn(1):
        rrq.task_wait(child, timeout=10)
        assert child.status() == "IMPOSSIBLE"
        ready.write_text("there")
        parent.retry()
        assert child.result(timeout=10) == 2


def test_a_task_that_is_retried_by_hand_takes_the_same_results(q: rrq.Controller, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    parent = q.submit(make_list, 20_000)
    with rrq.worker_spawn(1):
        child = q.submit(length_and_text, parent, str(ready))
        rrq.task_wait(child, timeout=10)
        assert child.status() == "ERROR"
        parent.delete()
        ready.write_text("there")
        assert child.retry().result(timeout=10) == (20_000, "there")


def length_and_text(values: Any, path: str) -> tuple[int, str]:
    return len(values), read_text(path)


def read_text(path: str) -> str:
    return Path(path).read_text()


def test_a_parent_whose_result_cannot_be_read_by_the_worker_is_named_in_the_error(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    parent = q.submit(Unreadable)
    child = q.submit(first_of, [parent])
    with pytest.raises(rrq.PayloadRefused, match=f"the result of task {parent.id} is an argument.*it fell apart"):
        child.result(timeout=10)


def test_a_dependency_that_failed_before_makes_the_task_impossible_and_is_named(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    parent = q.submit(fail, "no")
    rrq.task_wait(parent, timeout=10)
    for child in (q.submit(double, parent), q.options(depends_on=parent).submit(double, 1)):
        assert child.status() == "IMPOSSIBLE"
        assert f"{parent.id} is ERROR" in str(rrq.task_result(child))


def test_an_unknown_dependency_is_an_error_that_names_it_and_nothing_is_written(q: rrq.Controller) -> None:
    gone = q.submit(double, 1)
    gone.delete()
    calls: list[Callable[[], object]] = [
        lambda: q.submit(double, gone),
        lambda: q.options(depends_on=gone).submit(double, 1),
        lambda: rrq.task_create_bulk_call(double, [1, gone]),
        lambda: q.options(depends_on=[gone.id]).map(double, [1]),
    ]
    for call in calls:
        with pytest.raises(rrq.TaskNotFound, match=f"queue 'lab': {gone.id} .*nothing can depend on it"):
            call()
    assert rrq.task_list() == []


def test_a_dependency_of_another_queue_is_an_error_that_names_both(q: rrq.Controller, url: str) -> None:
    with rrq.connect("elsewhere", url) as other:
        foreign = other.submit(double, 1)
    with pytest.raises(ValueError, match=f"{foreign.id} .*'elsewhere'.*of its own queue, which is 'lab'"):
        q.options(depends_on=foreign)
    with pytest.raises(
        ValueError, match=f"task {foreign.id} of the queue 'elsewhere' is among the arguments of .*'lab'"
    ):
        q.submit(double, foreign)
    assert rrq.task_list() == []


def test_deferred_tasks_are_listed_with_what_they_wait_for(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    second = q.submit(double, first)
    third = q.submit(add, first, second)
    assert rrq.deferred_list() == {
        second.id: {first.id: "PENDING"},
        third.id: {first.id: "PENDING", second.id: "DEFERRED"},
    }


def test_a_task_that_waits_for_its_time_alone_is_listed_and_tells_when(q: rrq.Controller) -> None:
    task = q.options(delay=100).submit(double, 1)
    assert rrq.deferred_list() == {task.id: {}}
    info = rrq.task_info(task)
    assert info.due is not None
    assert info.times.submit is not None
    assert info.due - info.times.submit == pytest.approx(100, abs=1)


def test_a_task_that_is_released_while_we_look_is_not_listed(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = q.submit(double, 1)
    monkeypatch.setattr(type(q.backend.queue), "tasks", lambda queue, status: iter([released.id]))
    assert rrq.deferred_list() == {}


def test_nothing_is_listed_once_all_is_over(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    q.submit(double, q.submit(double, 1)).wait(timeout=10)
    assert rrq.deferred_list() == {}
