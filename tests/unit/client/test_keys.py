"""Idempotency keys: the same key again gives the same task."""

from collections.abc import Callable

import pytest

import rrq_core as rrq
from tests.unit.client.calls import add, double, fail


def test_the_same_key_gives_the_same_task(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    one = q.options(key="monday").submit(double, 4)
    assert one.result(timeout=10) == 8
    other = rrq.task_create_call(double, [4], key="monday")
    assert other == one
    assert other.result(timeout=10) == 8
    assert rrq.task_list() == [one.id]


def test_a_key_holds_whatever_became_of_its_task_until_it_is_deleted(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    keyed = q.options(key="once")
    failed = keyed.submit(fail, "no")
    rrq.task_wait(failed, timeout=10)
    assert keyed.submit(fail, "no") == failed
    failed.delete()
    assert keyed.submit(fail, "no") != failed


def test_arguments_that_are_not_plain_are_not_compared(q: rrq.Controller) -> None:
    keyed = q.options(key="k")
    assert keyed.submit(len, [{1}, "a"]) == keyed.submit(len, [{2}, "a"])


@pytest.mark.parametrize(
    "again",
    [
        lambda keyed: keyed.submit(double, 5),
        lambda keyed: keyed.submit(double, 4.0),
        lambda keyed: keyed.submit(double, n=4),
        lambda keyed: keyed.submit(add, 4),
        lambda keyed: keyed.submit(lambda n: n, 4),
    ],
)
def test_a_key_of_another_call_is_refused_and_names_the_task_that_has_it(
    q: rrq.Controller, again: Callable[[object], object]
) -> None:
    keyed = q.options(key="monday")
    task = keyed.submit(double, 4)
    with pytest.raises(rrq.KeyTaken, match=f"'monday' belongs to task {task.id}") as caught:
        again(keyed)
    assert isinstance(caught.value, ValueError)
    assert (caught.value.key, caught.value.task) == ("monday", task.id)
    assert rrq.task_list() == [task.id]


def test_a_key_is_of_one_task_and_refused_for_several(q: rrq.Controller) -> None:
    for call in (
        lambda: rrq.task_create_bulk_call(double, [1], key="k"),
        lambda: q.options(key="k").map(double, [1]),
    ):
        with pytest.raises(rrq.InvalidArgument, match=r"key='k' is the name of one task, .*one by one"):
            call()
    assert rrq.task_list() == []


def test_a_task_of_a_known_key_is_waited_for_like_any_other(q: rrq.Controller) -> None:
    with rrq.worker_spawn(1):
        q.submit(double, 1).wait(timeout=10)  # from now on news of submissions come by themselves
        keyed = q.options(key="k")
        one, other = keyed.submit(double, 4), keyed.submit(double, 4)
        assert [one.result(timeout=10), other.result(timeout=10)] == [8, 8]
