"""What can be a result, and what is said of what cannot."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest

import rrq_core as rrq

GRACE = 10


def closed(coroutine: Coroutine[object, object, int]) -> Coroutine[object, object, int]:
    """Close a coroutine that nobody will await, so that it does not complain when it is collected."""
    coroutine.close()
    return coroutine


def same(value: object) -> object:
    return value


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda: (n for n in range(3)), "it is a generator; make a list of it"),
        (lambda: {"all": [iter_later()]}, r"it holds an async_generator \(\['all'\]\[0\]\)"),
        (lambda: [closed(double_later(1))], "it holds a coroutine"),
        (threading.Lock, r"it is a _thread\.lock"),
    ],
    ids=["generator", "async generator", "coroutine", "lock"],
)
def test_a_value_that_cannot_be_sent_is_an_error_that_names_it_and_says_what_to_do(
    q: rrq.Controller, workers: rrq.WorkerManager, function: Callable[[], object], words: str
) -> None:
    with pytest.raises(rrq.NotSendable, match=words):
        q.submit(function).result(GRACE)


async def iter_later() -> AsyncIterator[int]:
    yield 1


async def double_later(n: int) -> int:
    await asyncio.sleep(0)
    return 2 * n


def test_a_coroutine_function_is_run(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task: rrq.Task[object] = q.submit(double_later, 4)
    assert task.result(GRACE) == 8


@pytest.mark.parametrize("value", [None, NotImplemented, "", 0, [], float("inf")])
def test_what_is_easily_taken_for_nothing_is_a_value(
    q: rrq.Controller, workers: rrq.WorkerManager, value: object
) -> None:
    assert q.submit(same, value).result(GRACE) == value


def test_not_a_number_comes_back(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    assert math.isnan(q.submit(float, "nan").result(GRACE))
