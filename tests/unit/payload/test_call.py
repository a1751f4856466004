"""A body says what is called, small arguments lie in it and large ones in the store, and it becomes the same call."""

import datetime
import functools
import math
import operator
import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrq_core.errors import InvalidArgument, NotSendable, ObjectMissing
from rrq_core.model.ids import Hash, TaskId
from rrq_core.model.value import Buffer
from rrq_core.payload import (
    Call,
    CallEncoder,
    Context,
    EncodedCall,
    PayloadKind,
    decode_call,
    decode_value,
    describe_call,
    stored_values_of,
)

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))
INLINE = 16 * 1024

ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
ARGUMENTS = ATOMS | st.lists(ATOMS, max_size=3) | st.fractions() | st.just("long" * 10_000)


def encode(function: Callable[..., object], *args: object, **kwargs: object) -> EncodedCall:
    return CallEncoder(function, "q").encode(TaskId("t" * 32), args, kwargs)


def values_of(encoded: EncodedCall) -> Mapping[Hash, Buffer]:
    return {value.hash: value.data or b"" for value in encoded.values}


def decode(encoded: EncodedCall) -> Call:
    return decode_call(encoded.body, TASK, values_of(encoded))


def area(width: float, height: float = 1.0) -> float:
    return width * height


async def later(width: float) -> float:
    return width


class Square:
    def __init__(self, side: float) -> None:
        self.side = side

    def area(self) -> float:
        return self.side**2

    @classmethod
    def unit(cls) -> "Square":
        return cls(1)

    @staticmethod
    def corners() -> int:
        return 4


@functools.lru_cache
def remembered(x: int) -> int:
    return x


@given(args=st.lists(ARGUMENTS, max_size=3), kwargs=st.dictionaries(st.text(), ARGUMENTS, max_size=3))
def test_a_call_comes_back_as_it_was(args: list[object], kwargs: dict[str, object]) -> None:
    call = decode(CallEncoder(area, "q").encode(TaskId("t" * 32), args, kwargs))
    assert (call.function, call.args, call.kwargs) == (area, tuple(args), kwargs)
    assert list(call.kwargs) == list(kwargs)


IMPORTABLE = [
    area, later, Square, Square.unit, Square.corners, Square.area, remembered, math.sqrt, len, int, str.upper,
    dict.fromkeys, datetime.datetime.now, operator.add, np.linalg.norm, np.sin, np.random.rand, random.random,
    random.gauss, Path, Path.exists,
]  # fmt: skip


@pytest.mark.parametrize("function", IMPORTABLE, ids=lambda function: function.__name__)
def test_what_can_be_imported_goes_by_reference(function: Callable[..., object]) -> None:
    encoded = encode(function)
    assert decode(encoded).function == function
    assert b'"hash"' not in encoded.body
    assert encoded.body.count(b'"buffers"') == 1


def a_second(name: str) -> Callable[..., object]:
    """Make a function that bears the name of another."""
    return FunctionType(area.__code__, globals(), name)


@pytest.mark.parametrize(
    "function",
    [lambda x: x, functools.partial(area, 2), operator.itemgetter(0), Square(2).area, "a".join, a_second("area")],
)
def test_what_cannot_be_imported_goes_by_value(function: Callable[..., object]) -> None:
    assert encode(function).body.count(b'"buffers"') == 2


def test_a_call_by_value_gives_what_the_call_gives() -> None:
    call = decode(encode(functools.partial(area, 2), height=3))
    assert call.function(*call.args, **call.kwargs) == 6


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (math.sqrt, "math.sqrt"),
        (str.upper, "builtins.str.upper"),
        (functools.partial(math.pow, 2), "math.pow"),
        (operator.itemgetter(0), "operator.itemgetter"),
        (Square(2).area, "tests.unit.payload.test_call.Square.area"),
    ],
)
def test_a_body_names_its_function(function: Callable[..., object], name: str) -> None:
    assert CallEncoder(function, "q").name == name
    assert describe_call(encode(function).body, TASK) == name


def test_small_arguments_lie_in_the_body() -> None:
    assert encode(area, "x" * (INLINE - 1000)).values == ()


def test_a_large_argument_goes_to_the_store_alone() -> None:
    encoded = encode(area, "x" * INLINE, "small", height=[1, 2])
    (value,) = encoded.values
    assert decode_value(value.data or b"", VALUE) == "x" * INLINE
    assert len(encoded.body) < 500
    assert decode(encoded).kwargs == {"height": [1, 2]}


def test_of_many_arguments_the_largest_go_to_the_store_until_the_rest_fits() -> None:
    encoded = encode(area, "a" * 9_000, "b" * 9_000, "c" * 1_500, key="d" * 40_000)
    assert sorted(value.size for value in encoded.values) == pytest.approx([9_000, 40_000], abs=100)
    assert len(encoded.body) <= INLINE


def test_arguments_that_are_many_and_small_stay_in_the_body() -> None:
    assert encode(area, *range(20_000)).values == ()


def test_equal_large_arguments_are_one_stored_value() -> None:
    encoded = encode(area, "x" * INLINE, "x" * INLINE)
    assert stored_values_of(encoded.body, TASK) == tuple(value.hash for value in encoded.values)
    assert len(encoded.values) == 1
    assert decode(encoded).args == ("x" * INLINE, "x" * INLINE)


def test_a_large_array_goes_to_the_store_and_comes_back_writable() -> None:
    (array,) = decode(encode(area, np.arange(10_000))).args
    assert isinstance(array, np.ndarray)
    np.testing.assert_array_equal(array, np.arange(10_000))
    assert array.flags.writeable


def test_a_small_array_lies_in_the_body_and_comes_back_writable() -> None:
    encoded = encode(area, np.arange(10), height=np.ones(3))
    call = decode(encoded)
    assert encoded.values == ()
    call.args[0][:] = 0  # type: ignore[index]  # an array
    np.testing.assert_array_equal(call.kwargs["height"], np.ones(3))


def test_a_large_function_by_value_is_pickled_and_stored_once_for_many_calls() -> None:
    table = "entry" * 1000
    encoder = CallEncoder(lambda x: (table, x), "q")
    bodies = [encoder.encode(TaskId("t" * 32), (n,), {}) for n in range(3)]
    assert len({value for encoded in bodies for value in encoded.values}) == 1
    assert max(len(encoded.body) for encoded in bodies) < 500
    call = decode(bodies[2])
    assert call.function(*call.args) == (table, 2)


def test_a_shared_argument_is_pickled_and_stored_once_for_many_calls() -> None:
    encoder = CallEncoder(area, "q")
    table = encoder.share(["row"] * 5000, "argument 'table' of area")
    bodies = [encoder.encode(TaskId("t" * 32), (n, table), {"height": table}) for n in range(3)]
    assert len({value for encoded in bodies for value in encoded.values}) == 1
    call = decode(bodies[1])
    assert (call.args, call.kwargs) == ((1, ["row"] * 5000), {"height": ["row"] * 5000})


def test_a_small_shared_argument_lies_in_the_body() -> None:
    encoder = CallEncoder(area, "q")
    assert encoder.encode(TaskId("t" * 32), (encoder.share([1], "it"),), {}).values == ()


def test_the_body_names_its_stored_values_without_unpickling() -> None:
    table = "entry" * 1000
    encoded = encode(lambda x, y: table, "x" * INLINE, "y" * INLINE)
    assert sorted(stored_values_of(encoded.body, TASK)) == sorted(values_of(encoded))
    assert len(encoded.values) == 3


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return pytest.fail, ("it was unpickled",)


def test_looking_at_a_body_unpickles_nothing() -> None:
    body = encode(functools.partial(print, Trap()), Trap()).body
    assert describe_call(body, TASK) == "builtins.print"
    assert stored_values_of(body, TASK) == ()


def test_a_stored_value_that_is_missing_is_named() -> None:
    encoded = encode(area, "x" * INLINE)
    with pytest.raises(ObjectMissing, match=encoded.values[0].hash):
        decode_call(encoded.body, TASK, {})


@pytest.mark.parametrize("value", [3, "f", None, area(1, 2)])
def test_what_cannot_be_called_is_an_error_with_the_remedy(value: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"cannot be called: .*submit\(f, 1\), not what it returns"):
        CallEncoder(value, "q")


def test_an_argument_that_cannot_be_sent_is_named_by_its_place() -> None:
    with pytest.raises(NotSendable, match="argument 2 of area cannot be sent: it is a generator"):
        encode(area, 1, (n for n in range(3)))


def test_an_argument_that_cannot_be_sent_is_named_by_its_keyword() -> None:
    with pytest.raises(NotSendable, match=r"argument 'key' of sorted cannot be sent: it is a _thread\.lock"):
        encode(sorted, [1], key=threading.Lock())


def test_a_function_that_cannot_be_sent_is_named_with_the_variable_to_blame() -> None:
    lock = threading.Lock()
    with pytest.raises(NotSendable, match=r"the function .*<lambda> cannot be sent: .*variable 'lock'"):
        CallEncoder(lambda: lock, "q")
