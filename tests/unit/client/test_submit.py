"""Submitting: one call, many calls, and what is refused before anything is written."""

import threading
from collections.abc import Callable, Iterator

import pytest

import rrq_core as rrq
from rrq_core.client import submit
from tests.unit.client.calls import add, double


def test_a_call_gives_its_value(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    assert q.submit(add, 1, b=2).result(timeout=10) == 3
    assert rrq.task_create_call(add, [1], {"b": 5}).result(timeout=10) == 6


def test_a_map_calls_with_what_the_iterables_give_in_turn(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    assert q.map(add, [1, 2, 3], range(10, 13)).results(timeout=10) == [11, 13, 15]


def test_a_bulk_call_takes_each_element_as_first_argument(workers: rrq.WorkerManager) -> None:
    tasks = rrq.task_create_bulk_call(add, (n for n in range(4)), {"b": 10})
    assert [task.result(timeout=10) for task in tasks] == [10, 11, 12, 13]


def test_a_bulk_call_takes_each_row_of_a_table_by_keyword(workers: rrq.WorkerManager) -> None:
    tasks = rrq.task_create_bulk_call(divmod_of, {"b": [2, 3], "a": [7, 8]})
    assert [task.result(timeout=10) for task in tasks] == [(3, 1), (2, 2)]


def divmod_of(a: int, b: int) -> tuple[int, int]:
    return divmod(a, b)


def test_tasks_come_in_the_order_of_the_data_also_in_portions(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "SLICE", 3)
    tasks = rrq.task_create_bulk_call(double, iter(range(10)))
    assert [task.id for task in tasks] == rrq.queue_list()
    assert len(tasks) == 10


def test_the_queue_of_a_task_is_an_option(q: rrq.Controller) -> None:
    first = q.options(queue="fast").submit(double, 1)
    (second,) = q.options(queue="fast").map(double, [2])
    third = rrq.task_create_call(double, [3], queue="fast")
    (fourth,) = rrq.task_create_bulk_call(double, [4], queue="fast")
    assert rrq.queue_list("fast") == [task.id for task in (first, second, third, fourth)]
    assert rrq.queue_length() == 0


def test_large_arguments_arrive_whole(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    large = [bytes([n]) * 900_000 for n in range(3)]
    task = q.submit(len_of_all, *large, more=large[0])
    assert task.result(timeout=10) == 3_600_000
    task.delete()
    assert not rrq.check().violations
    assert list(q.backend.objects.hashes()) == []


def len_of_all(*parts: bytes, more: bytes) -> int:
    return sum(map(len, parts)) + len(more)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda q: q.submit(3, 4), "cannot be called"),
        (lambda q: q.submit(double, threading.Lock()), "lock"),
        (lambda q: q.submit(double, n=threading.Lock()), "'n'"),
        (lambda q: q.map(double), "at least one iterable"),
        (lambda q: q.map(double, 3), "iterable 1"),
        (lambda q: q.map(double, []), "nothing to submit"),
        (lambda q: rrq.task_create_bulk_call(double, []), "nothing to submit"),
        (lambda q: rrq.task_create_bulk_call(double, {"n": []}), "nothing to submit"),
        (lambda q: rrq.task_create_bulk_call(double, 3), "iterable"),
        (lambda q: rrq.task_create_bulk_call(double, [1], [2]), "args"),  # type: ignore[arg-type]
        (lambda q: rrq.task_create_bulk_call(double, [1, threading.Lock()]), "lock"),
        (lambda q: rrq.task_create_call(double, "12"), "args is a list"),
        (lambda q: rrq.task_create_call(double, [1], [2]), "kwargs is a dict"),  # type: ignore[arg-type]
        (lambda q: q.options(queue=3), "queue=3.*string"),
        (lambda q: q.options(queue=""), "queue=''.*1 to 200"),
        (lambda q: q.options(colour="red"), "colour='red'; there are: queue"),
        (lambda q: rrq.task_create_call(double, [1], queue=["a"]), "queue="),  # type: ignore[arg-type]
        (lambda q: rrq.task_create_bulk_call(double, [1], priority=2), "priority=2"),  # type: ignore[call-arg]
    ],
)
def test_what_cannot_be_submitted_is_refused_and_nothing_is_written(
    q: rrq.Controller, call: Callable[[rrq.Controller], object], message: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        call(q)
    assert rrq.task_list() == []


@pytest.mark.parametrize(
    "call",
    [
        lambda q: q.submit(3, 4),
        lambda q: q.map("double", [1]),
        lambda q: q.map(double, 3),
        lambda q: rrq.task_create_call(double, "12"),
        lambda q: rrq.task_create_call(double, [1], 2),
        lambda q: rrq.task_create_bulk_call(double, 3),
        lambda q: rrq.task_create_expr(3),
        lambda q: rrq.worker_envir_set(3),
    ],
)
def test_an_argument_of_a_wrong_type_is_a_type_error_too(
    q: rrq.Controller, call: Callable[[rrq.Controller], object]
) -> None:
    with pytest.raises(TypeError) as caught:
        call(q)
    assert isinstance(caught.value, rrq.InvalidType)
    assert isinstance(caught.value, ValueError)


def test_what_interrupts_a_bulk_call_has_the_ids_that_are_in(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "SLICE", 2)

    def numbers() -> Iterator[int]:
        yield from range(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        rrq.task_create_bulk_call(double, numbers())
    assert vars(caught.value)["submitted"] == rrq.queue_list()
    assert len(rrq.queue_list()) == 4
    assert "4 of the tasks were submitted" in caught.value.__notes__[0]


def test_the_element_that_cannot_be_sent_is_told(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "SLICE", 2)
    with pytest.raises(rrq.NotSendable) as caught:
        q.map(double, [1, 2, 3, threading.Lock()])
    assert caught.value.__notes__[0] == "it is of element 3 of the data, counted from 0"


def test_ids_of_a_portion_that_failed_halfway_are_told_too(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = type(q.backend.queue).submit

    def half(queue: object, tasks: list[object], *args: object, **others: object) -> None:
        whole(queue, tasks[:2], *args, **others)  # type: ignore[arg-type]  # passed on as it came
        raise rrq.BackendUnavailable("the server went away")

    monkeypatch.setattr(type(q.backend.queue), "submit", half)
    with pytest.raises(rrq.BackendUnavailable) as caught:
        rrq.task_create_bulk_call(double, range(5))
    assert vars(caught.value)["submitted"] == rrq.queue_list()
    assert len(rrq.queue_list()) == 2
