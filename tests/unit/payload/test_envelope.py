"""The layout of envelopes is final, and whatever is wrong with one is refused in a sentence."""

import contextlib
import sys
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrq_core.errors import PayloadRefused
from rrq_core.model.ids import TaskId
from rrq_core.payload import (
    CallEncoder,
    Context,
    PayloadKind,
    capture_failure,
    decode_call,
    decode_failure,
    decode_json,
    decode_value,
    describe_call,
    encode_failure,
    encode_json,
    encode_value,
    stored_values_of,
)
from rrq_core.payload.envelope import JSON, PICKLE5, read_envelope, write_envelope

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))
BODY = CallEncoder(lambda x: x, "q").encode(TaskId("t" * 32), (bytearray(b"abc"),), {}).body
RECORD = encode_json({"a": [1, 2]}, VALUE)
ARRAYS = write_envelope(PICKLE5, b"\x80\x05].", (b"abc", b"", b"d" * 100), VALUE)
FAILURE = bytes(encode_failure(capture_failure(ValueError("no"), ()), VALUE).data or b"")

READERS: tuple[Callable[[bytes], object], ...] = (
    lambda data: decode_value(data, VALUE),
    lambda data: decode_call(data, TASK, {}),
    lambda data: stored_values_of(data, TASK),
    lambda data: decode_json(data, VALUE),
    lambda data: decode_failure(data, VALUE),
    lambda data: describe_call(data, TASK),
)


def test_the_layout_without_buffers_is_final() -> None:
    expected = bytes.fromhex("52525131 02 00 0000 00000000 00000000 00000000 0700000000000000") + b"content"
    assert write_envelope(PICKLE5, b"content", (), VALUE) == expected


def test_the_layout_with_buffers_and_code_is_final() -> None:
    python = bytes(sys.version_info[:2])
    header = b"RRQ1" + b"\x01\x02" + python + bytes(4) + bytes(4) + b"\x02\0\0\0" + b"\x02" + bytes(7)
    lengths = b"\x03" + bytes(7) + b"\x01" + bytes(7)
    first = header + lengths + b"{}"
    expected = first + bytes(64 - len(first)) + b"abc" + bytes(61) + b"d"
    assert write_envelope(JSON, b"{}", (b"abc", b"d"), VALUE, has_code=True) == expected


def test_the_hash_is_of_the_whole_envelope() -> None:
    assert encode_value(None, VALUE).hash == sha256(write_envelope(PICKLE5, b"\x80\x05N.", (), VALUE)).hexdigest()[:32]


def test_buffers_begin_at_multiples_of_64() -> None:
    envelope = write_envelope(PICKLE5, b"xyz", (b"first", b"second", b"third"), VALUE)
    assert [envelope.index(word) % 64 for word in (b"first", b"second", b"third")] == [0, 0, 0]


def test_what_was_written_is_read() -> None:
    read = read_envelope(ARRAYS, "it")
    assert (bytes(read.content), list(map(bytes, read.buffers))) == (b"\x80\x05].", [b"abc", b"", b"d" * 100])


@pytest.mark.parametrize("reader", READERS)
@given(original=st.sampled_from([BODY, RECORD, ARRAYS, FAILURE]), data=st.data())
def test_a_header_with_any_byte_changed_raises_nothing_but_a_refusal(
    reader: Callable[[bytes], object], original: bytes, data: st.DataObject
) -> None:
    n = int.from_bytes(original[16:20], "little")
    at = data.draw(st.integers(0, 28 + 8 * n - 1))
    changed = bytearray(original)
    changed[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PayloadRefused):
        reader(bytes(changed))


@pytest.mark.parametrize("reader", READERS)
@given(garbage=st.binary() | st.binary(max_size=80).map(lambda rest: b"RRQ1" + rest))
def test_garbage_raises_nothing_but_a_refusal(reader: Callable[[bytes], object], garbage: bytes) -> None:
    with contextlib.suppress(PayloadRefused):
        reader(garbage)


@pytest.mark.parametrize("original", [BODY, RECORD, ARRAYS, FAILURE])
def test_an_envelope_cut_off_anywhere_is_refused(original: bytes) -> None:
    for length in range(len(original)):
        with pytest.raises(PayloadRefused, match="cut off"):
            read_envelope(original[:length], "it")


@pytest.mark.parametrize("original", [BODY, RECORD, ARRAYS, FAILURE])
def test_an_envelope_with_something_after_it_is_refused(original: bytes) -> None:
    with pytest.raises(PayloadRefused, match="damaged"):
        read_envelope(original + b"x", "it")


@pytest.mark.parametrize("n", [1, 1000, 2**32 - 1])
def test_a_number_of_buffers_that_lies_is_refused(n: int) -> None:
    lying = RECORD[:16] + n.to_bytes(4, "little") + RECORD[20:]
    with pytest.raises(PayloadRefused, match="damaged"):
        read_envelope(lying, "it")


@pytest.mark.parametrize("length", [0, 1, 2**40, 2**64 - 1])
def test_a_length_that_lies_is_refused(length: int) -> None:
    lying = ARRAYS[:28] + length.to_bytes(8, "little") + ARRAYS[36:]
    with pytest.raises(PayloadRefused, match="damaged"):
        read_envelope(lying, "it")


def test_a_later_version_of_the_envelope_is_refused_by_name() -> None:
    with pytest.raises(PayloadRefused, match=r"version '2'.*update rrq-core here"):
        decode_value(b"RRQ2" + RECORD[4:], VALUE)


def test_what_no_rrq_core_wrote_is_refused_with_its_beginning() -> None:
    with pytest.raises(PayloadRefused, match="begins with b'PK"):
        decode_value(b"PK\x03\x04" + bytes(40), VALUE)


def test_a_signed_envelope_is_refused_with_the_remedy() -> None:
    with pytest.raises(PayloadRefused, match=r"signed.*RRQ_SECRET_KEY"):
        decode_json(RECORD[:5] + b"\x01" + RECORD[6:] + bytes(32), VALUE)


@pytest.mark.parametrize("at", [6, 7, 8, 11, 12, 15])
def test_a_header_that_contradicts_itself_is_refused(at: int) -> None:
    with pytest.raises(PayloadRefused, match="contradicts itself"):
        decode_json(RECORD[:at] + b"\x03" + RECORD[at + 1 :], VALUE)


def test_a_refusal_says_what_was_refused() -> None:
    with pytest.raises(PayloadRefused, match=r"the task t{32} of queue 'q'"):
        decode_call(b"", TASK, {})


def test_a_record_is_not_read_as_a_value_nor_a_value_as_a_record() -> None:
    with pytest.raises(PayloadRefused, match="JSON"):
        decode_value(RECORD, VALUE)
    with pytest.raises(PayloadRefused, match="no record"):
        decode_json(bytes(encode_value([1], VALUE).data or b""), VALUE)
