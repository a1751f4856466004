"""The memory of arrays: copied once at most, and whoever gets it may write to it, and is alone with it."""

from collections.abc import Mapping
from hashlib import sha256

import numpy
import pandas
import pyarrow
import pytest

from rrq_core.model.ids import Hash, TaskId
from rrq_core.model.value import Buffer
from rrq_core.payload import CallEncoder, Context, PayloadKind, decode_call, decode_value, encode_value
from rrq_core.payload.envelope import read_envelope

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


@pytest.mark.parametrize(
    "value",
    [
        pandas.DataFrame({"a": numpy.arange(MANY), "b": numpy.arange(MANY) / 7}),
        pandas.Series(numpy.arange(MANY)),
        pyarrow.table({"a": numpy.arange(MANY), "b": numpy.arange(MANY) / 7}),
        pyarrow.array(["text"] * MANY),
        bytearray(MANY),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_memory_of_tables_lies_beside_their_pickle(value: object) -> None:
    envelope = read_envelope(stored(value), VALUE)
    assert len(envelope.content) < 5000
    assert sum(map(len, envelope.buffers)) >= MANY


def test_a_table_can_be_written_to_and_what_is_stored_stays() -> None:
    data = stored(pandas.DataFrame({"a": numpy.arange(MANY)}))
    for _ in range(2):
        found = decode_value(data, VALUE)
        assert isinstance(found, pandas.DataFrame)
        assert found.loc[0, "a"] == 0
        found.loc[0, "a"] = 7


def test_the_hash_of_a_large_value_is_that_of_its_bytes() -> None:
    value = encode_value(numpy.arange(3_000_000), VALUE)
    assert value.hash == sha256(value.data or b"").hexdigest()[:32]
    assert value.size == len(value.data or b"")
