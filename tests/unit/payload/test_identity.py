"""Calls under one key are compared by function and plain arguments, equal in all processes."""

import functools
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from rrq_core.model.ids import TaskId
from rrq_core.payload import CallEncoder, Context, PayloadKind, encode_value

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
Elsewhere = Callable[..., list[bytes]]


def call(function: Callable[..., object], *args: object, **kwargs: object) -> str:
    return CallEncoder(function, "q").encode(TaskId("t" * 32), args, kwargs).call


def adder(n: int) -> Callable[[int], int]:
    return lambda x: x + n


def test_equal_calls_are_the_same() -> None:
    assert call(pow, 2, [1, ("a", None)], k={"x": 1.5}) == call(pow, 2, [1, ("a", None)], k={"x": 1.5})


def test_the_order_of_keywords_and_of_keys_does_not_count() -> None:
    assert call(pow, {"a": 1, "b": 2}, x=1, y=2) == call(pow, {"b": 2, "a": 1}, y=2, x=1)


@pytest.mark.parametrize("argument", [3, 2.0, "2", None, [2], (2,), {2: 2}, {"a": [2]}])
def test_another_plain_argument_is_another_call(argument: object) -> None:
    assert call(pow, argument) != call(pow, 2)


def test_another_function_is_another_call() -> None:
    assert call(pow, 2) != call(max, 2)


def test_arguments_that_are_not_plain_are_not_compared() -> None:
    assert call(pow, Fraction(1, 2), np.arange(3)) == call(pow, Fraction(1, 3), np.arange(4))


def test_lambdas_are_told_apart_by_what_they_do() -> None:
    first = lambda x: x + 1  # noqa: E731  a name would make it importable
    same = lambda x: x + 1  # noqa: E731
    other = lambda x: x + 2  # noqa: E731
    assert call(first) == call(same) != call(other)


def test_closures_are_told_apart_by_what_they_hold() -> None:
    assert call(adder(1)) == call(adder(1)) != call(adder(2))


def test_partials_are_told_apart_by_what_they_hold() -> None:
    assert call(functools.partial(pow, 2)) == call(functools.partial(pow, 2)) != call(functools.partial(pow, 3))


def test_a_list_that_holds_itself_is_not_compared() -> None:
    first: list[object] = [1]
    first.append([first, first])
    second: list[object] = [2]
    second.append([second, second])
    assert call(pow, first) == call(pow, second) != call(pow, 1)


def test_a_shared_argument_is_compared_by_what_it_is() -> None:
    encoder = CallEncoder(len, "q")
    long = ["a"] * 5000
    assert encoder.encode(TaskId("t" * 32), (encoder.share(long, "it"),), {}).call == call(len, long)


CALLS = """
def scale(x): return x in {"a", "b", "c"}
for name in ("one", "two"):
    encoded = CallEncoder(scale, "q").encode("t" * 32, (1,), {name: {"b": name, "a": 1}})
    send(encoded.call.encode())
import numpy
send(encode_value({"array": numpy.arange(10.0), "words": ["one", "two"]}, VALUE).hash.encode())
"""


def test_calls_and_values_are_the_same_in_all_processes(elsewhere: Elsewhere) -> None:
    assert elsewhere(CALLS, seed="1") == elsewhere(CALLS, seed="2")


def test_values_have_the_same_hash_in_other_processes(elsewhere: Elsewhere) -> None:
    value = {"array": np.arange(10.0), "words": ["one", "two"], "n": 1}
    script = (
        "import numpy\nsend(encode_value({'array': numpy.arange(10.0), 'words': ['one', 'two'], 'n': 1}, VALUE).data)"
    )
    assert elsewhere(script, seed="3") == [encode_value(value, VALUE).data]
