"""Code that the other end cannot import travels by value: another process can run it, and classes stay the same."""

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rrq_core.errors import InvalidArgument, PayloadRefused
from rrq_core.model.ids import TaskId
from rrq_core.payload import (
    Call,
    CallEncoder,
    Context,
    PayloadKind,
    decode_call,
    decode_value,
    describe_call,
    encode_value,
)
from rrq_core.payload.envelope import read_envelope

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))
Elsewhere = Callable[..., list[bytes]]

GEOMETRY = """
import enum
SCALE = 2
class Colour(enum.Enum):
    RED = 1
class Square:
    def __init__(self, side): self.side = side
    def area(self): return SCALE * self.side ** 2
def area(side): return SCALE * side ** 2
"""

ENCODE_CALLS = """
import functools
from dataclasses import dataclass
SCALE = 3
@dataclass
class Point:
    x: int
    def scaled(self): return self.x * SCALE
def scale(x): return x * SCALE
def adder(n): return lambda x: x + n
async def later(x): return x
class Callable:
    def __call__(self, x): return scale(x)
def body(function, *args):
    encoded = CallEncoder(function, "q").encode("t" * 32, args, {})
    send(encoded.body)
    assert not encoded.values
for function, argument in [
    (scale, 2), (lambda x: -x, 2), (adder(5), 2), (functools.partial(pow, 2), 2), (Point(7).scaled, None),
    (later, 2), (Callable(), 2), (Point, 2), (map, scale),
]:
    try:
        body(function, argument)
    except AssertionError:
        send(b"stored")
"""


@pytest.fixture
def geometry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module that this process can import, and others cannot."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "geometry.py").write_text(GEOMETRY)
    monkeypatch.syspath_prepend(folder)
    invalidate_caches()
    yield import_module("geometry")
    sys.modules.pop("geometry", None)


def call(body: bytes) -> Call:
    return decode_call(body, TASK, {})


def run(encoder: CallEncoder, *args: object) -> object:
    encoded = encoder.encode(TaskId("t" * 32), args, {})
    made = decode_call(encoded.body, TASK, {value.hash: value.data or b"" for value in encoded.values})
    return made.function(*made.args, **made.kwargs)


SEND_WHOLE = """
SCALE = 3
def scale(x): return x * SCALE
def adder(n): return lambda x: x + n
class Scaler:
    def __init__(self, by): self.by = by
    def scaled(self, x): return x * self.by
    def __call__(self, x): return x - self.by
async def later(x): return x
import functools
for function in [
    scale, lambda x: -x, adder(5), functools.partial(scale), Scaler(7).scaled, Scaler(7), functools.partial(pow, 3)
]:
    encoded = CallEncoder(function, "q").encode("t" * 32, (2,), {})
    for data in (encoded.body, *(value.data for value in encoded.values)):
        send(data)
    send(b"end")
"""


def test_functions_of_a_script_run_in_another_process(elsewhere: Elsewhere) -> None:
    results = []
    parts: list[bytes] = []
    for data in elsewhere(SEND_WHOLE):
        if data != b"end":
            parts.append(data)
            continue
        body, *stored = parts
        made = decode_call(body, TASK, {encoded_hash(value): value for value in stored})
        results.append(made.function(*made.args))
        parts = []
    assert results == [6, -2, 7, 6, 14, -5, 9]


def encoded_hash(value: bytes) -> Any:
    from hashlib import sha256

    return sha256(value).hexdigest()[:32]
