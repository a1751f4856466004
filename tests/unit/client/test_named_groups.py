"""Named groups: the same calls again are the same tasks."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rrq_core as rrq
from tests.unit.client.calls import double, fail

GRACE = 10
CALLS: list[Any] = []


def noted(n: Any) -> Any:
    CALLS.append(n)
    return n


def fail_odd_until(fixed: list[bool], n: int) -> int:
    if n % 2 and not fixed:
        raise ValueError(n)
    return n


@pytest.fixture(autouse=True)
def no_calls() -> None:
    CALLS.clear()


def ids(group: rrq.TaskGroup[Any]) -> list[str]:
    return [task.id for task in group]


def test_the_same_again_submits_only_what_is_new(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    first = q.map(noted, [1, 2, 3], name="night")
    assert first.results(GRACE) == [1, 2, 3]
    again = q.map(noted, [0, 3, 1, 4], name="night")
    assert again.results(GRACE) == [0, 3, 1, 4]
    assert sorted(CALLS) == [0, 1, 2, 3, 4]
    assert (again[1], again[2]) == (first[2], first[0])


def test_of_equal_calls_the_nth_is_the_nth(q: rrq.Controller) -> None:
    first = q.map(double, [1, 1, 2], name="g")
    assert len(set(first)) == 3
    assert ids(q.map(double, [2, 1, 1], name="g")) == [first[2].id, first[0].id, first[1].id]
    assert len(set(q.map(double, [1, 1, 1], name="g")) - set(first)) == 1


def test_a_group_is_found_again_in_order_of_submission(q: rrq.Controller, url: str) -> None:
    group = q.map(double, [3, 1], name="a group: ü")
    more = q.map(double, [1, 5], name="a group: ü")
    with rrq.connect("lab", url) as restarted:
        assert ids(restarted.group("a group: ü")) == [*ids(group), more[1].id]


def test_another_name_is_another_group(q: rrq.Controller) -> None:
    assert set(q.map(double, [1], name="a")).isdisjoint(q.map(double, [1], name="b"))
    assert set(q.map(double, [1], name="a")).isdisjoint(q.map(double, [1]))


def test_an_unknown_group_is_an_error(q: rrq.Controller) -> None:
    with pytest.raises(LookupError, match="no group 'nobody'") as caught:
        q.group("nobody")
    assert isinstance(caught.value, rrq.GroupNotFound)
    with pytest.raises(rrq.InvalidName):
        q.map(double, [1], name="")


def test_after_failures_only_those_are_retried(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    fixed: list[bool] = []
    group = q.map(functools.partial(fail_odd_until, fixed), range(4), name="flaky")
    assert not group.wait(GRACE)
    found = q.group("flaky")
    assert len(found.retry()) == 2
    assert not found.wait(GRACE)
    assert found.overview()[rrq.TaskStatus.ERROR] == 2
    assert ids(q.group("flaky")) == ids(group)


def test_a_failed_one_is_known_until_it_is_deleted(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    group = q.map(fail, ["one"], name="failed")
    group.wait(GRACE)
    assert ids(q.map(fail, ["one"], name="failed")) == ids(group)
    group[0].delete()
    assert set(q.map(fail, ["one"], name="failed")).isdisjoint(group)


def test_more_than_a_portion_keeps_its_order(q: rrq.Controller) -> None:
    first = q.map(double, range(600), name="many")
    assert ids(q.map(double, range(599, -1, -1), name="many")) == ids(first)[::-1]
    assert ids(q.group("many")) == ids(first)


def test_options_hold_for_named_tasks_too(q: rrq.Controller) -> None:
    group = q.options(queue="slow", retries=2).map(double, [1], name="g")
    assert group[0].info().queue == "slow"


def scaled(by: int) -> Callable[[int], int]:
    return lambda n: n * by


class Scaler:
    def __init__(self, by: int) -> None:
        self.by = by

    def scaled(self, n: int) -> int:
        return n * self.by


SAME = {
    "a function": lambda: (double, 1),
    "a lambda": lambda: (scaled(2), 1),
    "a partial": lambda: (functools.partial(divmod, 7), 2),
    "a method": lambda: (Scaler(2).scaled, 1),
    "an array": lambda: (np.sum, np.arange(5)),
    "a deep argument": lambda: (noted, {"a": [1, (2.5, None)]}),
    "an object": lambda: (noted, [Scaler(3)]),
}
DIFFERENT = {
    "of a lambda": lambda: (scaled(3), 1),
    "of a partial": lambda: (functools.partial(divmod, 8), 2),
    "of a method": lambda: (Scaler(3).scaled, 1),
    "of an array": lambda: (np.sum, np.arange(6)),
    "of an object": lambda: (noted, [Scaler(4)]),
    "of another type": lambda: (double, 1.0),
}


@pytest.mark.parametrize("what", SAME)
def test_the_same_call_is_known_again(what: str, q: rrq.Controller) -> None:
    (function, argument), (same, equal) = SAME[what](), SAME[what]()
    assert ids(q.map(function, [argument], name="g")) == ids(q.map(same, [equal], name="g"))


@pytest.mark.parametrize("what", DIFFERENT)
def test_another_call_is_not_taken_for_it(what: str, q: rrq.Controller) -> None:
    known = {
        task
        for make in SAME.values()
        for function, argument in [make()]
        for task in q.map(function, [argument], name="g")
    }
    function, argument = DIFFERENT[what]()
    assert known.isdisjoint(q.map(function, [argument], name="g"))


def test_a_function_that_was_changed_under_its_name_is_the_same(q: rrq.Controller) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("def f(n): return n", names)
    first = q.map(names["f"], [1], name="g")
    exec("def f(n): return n + 1", names)
    with pytest.warns(UserWarning, match="another version"):
        assert ids(q.map(names["f"], [1], name="g")) == ids(first)


def test_results_of_a_named_group_can_go_into_another(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    for _ in range(2):
        parents = q.map(double, [1, 2], name="parents")
        children = q.map(double, parents, name="children")
        assert children.results(GRACE) == [4, 8]
    assert len(rrq.task_list()) == 4
