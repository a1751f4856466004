"""What a task calls, and with what."""

import pytest

import rrq_core as rrq
from rrq_core.model.ids import new_task_id
from tests.unit.client.calls import add, double


def test_the_call_is_given_as_it_was_made(q: rrq.Controller) -> None:
    data = rrq.task_data(q.submit(add, 1, b={"deep": [2]}))  # type: ignore[arg-type]  # it is never run
    assert (data.function, data.args, data.kwargs) == ("tests.unit.client.calls.add", (1,), {"b": {"deep": [2]}})


def test_large_arguments_are_fetched(q: rrq.Controller) -> None:
    data = rrq.task_data(q.submit(len, "a" * 100_000))
    assert data.args == ("a" * 100_000,)
    assert len(repr(data)) < 100


def test_a_retried_task_calls_what_the_first_of_its_chain_did(q: rrq.Controller) -> None:
    task = q.submit(double, 3)
    task.cancel()
    new = task.retry()
    assert rrq.task_data(new) == rrq.task_data(task)
    assert rrq.task_data(new).args == (3,)


def test_in_the_place_of_a_result_is_the_id_of_its_task(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    data = rrq.task_data(q.submit(add, first, b=[first]))  # type: ignore[arg-type]  # it is never run
    assert (data.args, data.kwargs) == ((first.id,), {"b": [first.id]})


def test_a_function_that_is_not_here_is_still_named(q: rrq.Controller) -> None:
    task = q.submit(lambda n: n, 1)
    assert rrq.task_data(task).function.endswith("<lambda>")


def test_an_unknown_task_is_an_error(q: rrq.Controller) -> None:
    with pytest.raises(rrq.TaskNotFound):
        rrq.task_data(new_task_id())
