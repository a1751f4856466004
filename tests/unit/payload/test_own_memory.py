"""The memory of arrays: copied once at most, and whoever gets it may write to it, and is alone with it."""

from collections.abc import Mapping

import numpy
import pytest

from rrq_core.model.ids import Hash, TaskId
from rrq_core.model.value import Buffer
from rrq_core.payload import CallEncoder, Context, PayloadKind, decode_call, decode_value, encode_value

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))
MANY = 100_000


def stored(value: object) -> bytes:
    return bytes(encode_value(value, VALUE).data or b"")


def call_of(*args: object) -> tuple[bytes, Mapping[Hash, bytes]]:
    call = CallEncoder(print, "q").encode(TaskId("t" * 32), args, {})
    return call.body, {value.hash: bytes(value.data or b"") for value in call.values}


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_an_array_comes_back_writable(kind: type[bytes] | type[bytearray]) -> None:
    array = decode_value(kind(stored(numpy.arange(MANY))), VALUE)
    assert isinstance(array, numpy.ndarray)
    array[0] = 7
    assert array[:3].tolist() == [7, 1, 2]


def test_memory_that_may_be_written_to_is_taken_over_and_other_memory_is_copied() -> None:
    data = bytearray(stored(numpy.arange(MANY)))
    mine = decode_value(data, VALUE)
    copied = decode_value(memoryview(data).toreadonly(), VALUE)
    assert isinstance(mine, numpy.ndarray)
    assert isinstance(copied, numpy.ndarray)
    place = numpy.frombuffer(data, dtype=numpy.uint8)
    assert numpy.shares_memory(mine, place)
    assert not numpy.shares_memory(copied, place)


def test_equal_arguments_share_no_memory() -> None:
    body, values = call_of(numpy.zeros(MANY), numpy.zeros(MANY))
    own: Mapping[Hash, Buffer] = {hash: bytearray(data) for hash, data in values.items()}
    assert len(own) == 1
    first, second = decode_call(body, TASK, own).args
    assert isinstance(first, numpy.ndarray)
    assert isinstance(second, numpy.ndarray)
    first[0] = 1
    assert second[0] == 0


def test_the_memory_of_an_array_lies_beside_its_pickle_and_is_aligned() -> None:
    array = numpy.arange(MANY)
    assert stored(array).find(array.tobytes()) % 64 == 0


@pytest.mark.parametrize("size", [0, 10, 1_000_000])
def test_a_bytearray_comes_back_as_one(size: int) -> None:
    value = bytearray(bytes(range(256)) * (size // 256 + 1))[:size]
    for data in (stored(value), bytearray(stored(value))):
        found = decode_value(data, VALUE)
        assert type(found) is bytearray
        assert found == value
    (argument,) = decode_call(*_with_task(call_of(value))).args
    assert argument == value


def _with_task(call: tuple[bytes, Mapping[Hash, bytes]]) -> tuple[bytes, Context, Mapping[Hash, bytes]]:
    return call[0], TASK, call[1]


def test_a_large_argument_is_pickled_into_no_body() -> None:
    body, values = call_of(numpy.arange(MANY), 1)
    assert len(body) < 1000
    assert len(values) == 1
