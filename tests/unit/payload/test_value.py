"""Values come back as they were sent, and what cannot be sent is named with its place, its type and a remedy."""

import asyncio
import datetime
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrq_core.errors import NotSendable, PayloadRefused
from rrq_core.payload import Context, PayloadKind, decode_json, decode_value, encode_json, encode_value

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")

ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
PLAIN = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner))
OBJECTS = PLAIN | st.fractions() | st.decimals(allow_nan=False) | st.datetimes() | st.frozensets(st.integers())
JSON_RECORDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def round_trip(value: object) -> object:
    return decode_value(encode_value(value, VALUE).data or b"", VALUE)


def array_round_trip(array: np.ndarray) -> np.ndarray:
    back = round_trip(array)
    assert isinstance(back, np.ndarray)
    return back


@given(OBJECTS)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    back = round_trip(value)
    assert back == value
    assert type(back) is type(value)


@given(JSON_RECORDS)
def test_a_record_comes_back_as_it_was(record: object) -> None:
    assert decode_json(encode_json(record, VALUE), VALUE) == record


def test_a_record_of_infinity_comes_back() -> None:
    assert decode_json(encode_json({"remaining": float("inf")}, VALUE), VALUE) == {"remaining": float("inf")}


def test_a_record_with_an_object_in_it_is_not_sent() -> None:
    with pytest.raises(NotSendable, match=r"plain data only.*Fraction"):
        encode_json({"a": Fraction(1, 2)}, VALUE)


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", b"bytes", [1, "a"], {"k": (1, 2)}])
def test_equal_plain_values_have_one_hash(value: object) -> None:
    assert encode_value(value, VALUE) == encode_value(value, VALUE)


def test_other_values_have_other_hashes() -> None:
    values = [None, True, False, 1, 1.0, "1", b"1", [1], (1,), {"1": 1}]
    assert len({encode_value(value, VALUE).hash for value in values}) == len(values)


ARRAYS = {
    "ordinary": np.arange(12.0).reshape(3, 4),
    "of one number": np.array(3.5),
    "empty": np.zeros((0, 3)),
    "by columns": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "with gaps": np.arange(24)[::2],
    "of the other byte order": np.arange(5, dtype=">i4"),
    "of records": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "of times": np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[D]"),
    "of texts": np.array(["a", "bc"]),
    "of objects": np.array([None, "x", Fraction(1, 3)], dtype=object),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_an_array_comes_back_as_it_was_and_writable(array: np.ndarray) -> None:
    back = array_round_trip(array)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    assert back.flags.writeable


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_an_array_that_is_read_only_here_is_writable_there(array: np.ndarray) -> None:
    frozen = array.copy(order="K")
    frozen.flags.writeable = False
    back = array_round_trip(frozen)
    np.testing.assert_array_equal(back, array)
    assert back.flags.writeable
    assert not frozen.flags.writeable


def test_arrays_of_all_kinds_that_are_read_only_here_come_back_together() -> None:
    frozen = [array.copy(order="K") for array in ARRAYS.values()]
    for array in frozen:
        array.flags.writeable = False
    back = round_trip(frozen)
    assert isinstance(back, list)
    for came, array in zip(back, frozen, strict=True):
        np.testing.assert_array_equal(came, array)
        assert came.flags.writeable


def test_a_read_only_array_made_while_pickling_comes_back() -> None:
    class Lazy:
        def __reduce__(self) -> tuple[object, ...]:
            return list, ((np.frombuffer(b"12345678" * 1000, dtype="i8"),),)

    (back,) = list(round_trip(Lazy()))  # type: ignore[call-overload]  # it is a list
    np.testing.assert_array_equal(back, np.frombuffer(b"12345678" * 1000, dtype="i8"))


def test_who_reads_an_array_has_it_for_himself() -> None:
    stored = encode_value(np.zeros(1000), VALUE).data or b""
    first, second = decode_value(stored, VALUE), decode_value(stored, VALUE)
    assert isinstance(first, np.ndarray)
    first += 1
    np.testing.assert_array_equal(second, np.zeros(1000))
    np.testing.assert_array_equal(decode_value(stored, VALUE), np.zeros(1000))


def test_an_array_is_copied_once_each_way() -> None:
    array = np.zeros(2_000_000)
    tracemalloc.start()
    try:
        stored = encode_value({"array": array}, VALUE).data or b""
        _, encoding = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        back = decode_value(stored, VALUE)
        _, decoding = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert back is not None
    assert encoding < 1.1 * array.nbytes
    assert decoding - len(stored) < 1.1 * array.nbytes


def test_large_bytes_are_copied_once_each_way() -> None:
    value = bytes(10_000_000)
    tracemalloc.start()
    try:
        stored = encode_value(value, VALUE).data or b""
        _, encoding = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        assert decode_value(stored, VALUE) == value
        _, decoding = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert encoding < 1.1 * len(value)
    assert decoding - len(stored) < 1.1 * len(value)


def numbers() -> Iterator[int]:
    yield 1


async def more_numbers() -> AsyncIterator[int]:
    yield 1


def refused(value: object, what: str = "the value") -> str:
    with pytest.raises(NotSendable) as caught:
        encode_value(value, VALUE, what=what)
    return str(caught.value)


def test_a_generator_is_named_with_the_remedy() -> None:
    assert refused(numbers()).startswith("the value cannot be sent: it is a generator; make a list of it first")


def test_an_asynchronous_generator_is_named_with_the_remedy() -> None:
    assert "it is an async_generator; collect what it yields" in refused(more_numbers())


def test_a_coroutine_is_named_with_the_remedy() -> None:
    waiting = asyncio.sleep(0)
    try:
        assert "it is a coroutine; send the function and its arguments, submit(f, 1)" in refused(waiting)
    finally:
        waiting.close()


def test_an_open_file_is_named_with_the_remedy(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (tmp_path_factory.mktemp("files") / "log").open("wb") as file:
        assert "it holds a _io.BufferedWriter (['log']); send its path" in refused({"log": file})


def test_what_cannot_be_sent_is_found_inside() -> None:
    value = [1, {"model": SimpleNamespace(name="m", lock=threading.Lock())}]
    assert "the result of f cannot be sent: it holds a _thread.lock ([1]['model'].lock)" in refused(
        value, "the result of f"
    )


class Slotted:
    __slots__ = ("lock",)

    def __init__(self) -> None:
        self.lock = threading.Lock()


def test_what_cannot_be_sent_is_found_in_slots() -> None:
    assert "(.lock)" in refused(Slotted())


def test_what_cannot_be_sent_is_found_in_what_a_function_uses() -> None:
    lock = threading.Lock()

    def guarded() -> bool:
        return lock.locked()

    assert "it holds a _thread.lock (variable 'lock' of guarded)" in refused(guarded)


def test_nesting_without_end_is_called_recursion() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    assert "limit on recursion" in refused(nested)


def test_nesting_without_end_in_a_local_function_is_called_recursion() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    assert "limit on recursion" in refused(lambda: nested)


class Stubborn:
    def __reduce__(self) -> str:
        raise ValueError("I stay here")


def test_the_reason_of_an_object_that_refuses_is_told() -> None:
    assert "it holds a tests.unit.payload.test_value.Stubborn ([0])" in refused([Stubborn()])
    assert "ValueError: I stay here" in refused([Stubborn()])


class Hidden:
    """Cannot be sent, nor looked into."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __getattribute__(self, name: str) -> object:
        if name == "__dict__":
            raise ValueError("private")
        return super().__getattribute__(name)


def test_an_object_that_cannot_be_looked_into_is_named_itself() -> None:
    assert "it holds a tests.unit.payload.test_value.Hidden ([0])" in refused([Hidden()])


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return int, ("no number",)


def test_what_cannot_be_unpickled_is_refused_with_the_reason() -> None:
    stored = encode_value(Bomb(), VALUE).data or b""
    with pytest.raises(PayloadRefused, match=r"the value of queue 'q' cannot be read here: ValueError.*no number"):
        decode_value(stored, VALUE)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_value_is_read_from_any_buffer(kind: Callable[[bytes], bytes]) -> None:
    assert decode_value(kind(bytes(encode_value({"a": [1]}, VALUE).data or b"")), VALUE) == {"a": [1]}


def test_a_moment_with_its_zone_comes_back() -> None:
    moment = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)
    assert round_trip(moment) == moment
