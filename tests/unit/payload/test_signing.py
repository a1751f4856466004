"""With a secret key, only what was signed by it, for just this place, is read at all."""

import pickle
from collections.abc import Callable
from hashlib import sha256

import pytest

from rrq_core.errors import InvalidArgument, PayloadRefused
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
    encode_failure,
    encode_json,
    encode_value,
)
from rrq_core.payload.envelope import PICKLE5, write_envelope
from rrq_core.payload.signing import MAC_SIZE, VARIABLE

KEY, NEW_KEY = "k" * 32, "n" * 40
VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


class Bomb:
    """Whoever unpickles it is noted."""

    went_off = False

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return _go_off, ()


def _go_off() -> None:
    Bomb.went_off = True


@pytest.fixture(autouse=True)
def nothing_goes_off() -> None:
    Bomb.went_off = False


def value() -> bytes:
    return bytes(encode_value(Bomb(), VALUE).data or b"")


def array() -> bytes:
    return bytes(encode_value([pickle.PickleBuffer(bytearray(b"abc")), Bomb()], VALUE).data or b"")


def body() -> bytes:
    return CallEncoder(print, "q").encode(TaskId("t" * 32), (Bomb(),), {}).body


def record() -> bytes:
    return encode_json({"a": [1, 2]}, VALUE)


def failure() -> bytes:
    return bytes(encode_failure(capture_failure(ValueError("no"), ()), VALUE).data or b"")


KINDS = [
    (value, lambda data: decode_value(data, VALUE)),
    (array, lambda data: decode_value(data, VALUE)),
    (body, lambda data: decode_call(data, TASK, {})),
    (record, lambda data: decode_json(data, VALUE)),
    (failure, lambda data: decode_failure(data, VALUE)),
]
each_kind = pytest.mark.parametrize(("write", "read"), KINDS, ids=[write.__name__ for write, _ in KINDS])
Write, Read = Callable[[], bytes], Callable[[bytes], object]


@each_kind
def test_what_was_signed_is_read(write: Write, read: Read) -> None:
    read(write())


@each_kind
def test_whatever_bit_is_flipped_it_is_refused_and_nothing_runs(write: Write, read: Read) -> None:
    original = write()
    for place in range(len(original)):
        for bit in range(8):
            altered = bytearray(original)
            altered[place] ^= 1 << bit
            with pytest.raises(PayloadRefused):
                read(bytes(altered))
    assert not Bomb.went_off


@each_kind
def test_whatever_is_cut_off_or_added_it_is_refused_and_nothing_runs(write: Write, read: Read) -> None:
    original = write()
    for altered in (*(original[:end] for end in range(len(original))), original + b"\0", original + original):
        with pytest.raises(PayloadRefused):
            read(altered)
    assert not Bomb.went_off


@each_kind
def test_what_is_not_signed_is_refused_where_there_is_a_key(
    write: Write, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    unsigned = write()
    monkeypatch.setenv(VARIABLE, KEY)
    with pytest.raises(PayloadRefused, match="it is not signed, and RRQ_SECRET_KEY is set here"):
        read(unsigned)
    assert not Bomb.went_off


@each_kind
def test_what_is_signed_is_refused_where_there_is_no_key(
    write: Write, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = write()
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(PayloadRefused, match="it is signed, and nothing here verifies that: set RRQ_SECRET_KEY"):
        read(signed)
    assert not Bomb.went_off


@each_kind
def test_what_another_key_signed_is_refused(write: Write, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, NEW_KEY)
    signed = write()
    monkeypatch.setenv(VARIABLE, KEY)
    with pytest.raises(PayloadRefused, match=r"signed by a key .* that is not in RRQ_SECRET_KEY here"):
        read(signed)
    assert not Bomb.went_off


def test_keys_can_be_replaced_while_both_are_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    old = record()
    monkeypatch.setenv(VARIABLE, f"{NEW_KEY}, {KEY}")
    new = record()
    assert decode_json(old, VALUE) == decode_json(new, VALUE)
    monkeypatch.setenv(VARIABLE, NEW_KEY)
    decode_json(new, VALUE)
    with pytest.raises(PayloadRefused):
        decode_json(old, VALUE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Context(kind=PayloadKind.VALUE, queue_id="another"),
        Context(kind=PayloadKind.MESSAGE, queue_id="q"),
        Context(kind=PayloadKind.VALUE, queue_id="q", names=("x",)),
    ],
    ids=["queue", "kind", "names"],
)
def test_what_was_signed_for_another_place_is_refused(elsewhere: Context) -> None:
    with pytest.raises(PayloadRefused, match="written for another place"):
        decode_json(encode_json({}, elsewhere), VALUE)


def test_no_two_contexts_are_signed_alike() -> None:
    contexts = [
        Context(kind=PayloadKind.VALUE, queue_id="q", names=names)
        for names in ((), ("",), ("a", "b"), ("a,b",), ("a b",))
    ]
    contexts.append(Context(kind=PayloadKind.VALUE, queue_id='q","a'))
    assert len({context.to_bytes() for context in contexts}) == len(contexts)


def test_a_body_that_was_read_is_verified_again_with_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = body()
    decode_call(signed, TASK, {})
    monkeypatch.setenv(VARIABLE, NEW_KEY)
    with pytest.raises(PayloadRefused):
        decode_call(signed, TASK, {})


def test_what_many_tasks_give_is_signed_by_the_key_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (KEY, NEW_KEY, None):
        monkeypatch.setenv(VARIABLE, text) if text else monkeypatch.delenv(VARIABLE)
        assert decode_value(encode_value(None, VALUE).data or b"", VALUE) is None


def test_the_hash_of_a_signed_value_is_that_of_all_its_bytes() -> None:
    signed = encode_value([1], VALUE)
    assert signed.hash == sha256(signed.data or b"").hexdigest()[:32]
    assert signed.size == len(signed.data or b"")


def test_the_signed_layout_is_final() -> None:
    signed = write_envelope(PICKLE5, b"content", (b"abc",), VALUE)
    bound = b'["value","q"]'
    assert signed[5] == 1
    assert signed[12:16] == len(bound).to_bytes(4, "little")
    assert signed[36 : 36 + len(bound) + 7] == bound + b"content"
    assert signed[64 : 64 + 3] == b"abc"
    assert len(signed) == 64 + 3 + MAC_SIZE


@pytest.mark.parametrize("text", ["short", f"{KEY},", f"{KEY},short", " " * 40])
def test_a_key_that_is_too_short_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(InvalidArgument, match=r"characters, and a key has 32 or more") as refused:
        record()
    assert KEY not in str(refused.value)
