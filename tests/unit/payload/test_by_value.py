"""Code that the other end cannot import travels by value: another process runs it, and its classes stay the same."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
SCALE = 2
class Square:
    def __init__(self, side): self.side = side
    def area(self): return SCALE * self.side ** 2
def area(side): return SCALE * side ** 2
"""

FUNCTIONS = """
import functools
SCALE = 3
def scale(x): return x * SCALE
def adder(n): return lambda x: x + n
class Scaler:
    def __init__(self, by): self.by = by
    def scaled(self, x): return x * self.by
    def __call__(self, x): return x - self.by
    @classmethod
    def double(cls, x): return cls(2).scaled(x)
for function in [
    scale, lambda x: -x, adder(5), functools.partial(scale), Scaler(7).scaled, Scaler(7), Scaler.double,
    functools.partial(pow, 3),
]:
    send_call(function, 2)
"""

CLASSES = """
from dataclasses import dataclass, field
from enum import Enum
class Colour(Enum):
    RED = 1
    BLUE = 2
@dataclass
class Point:
    x: int
    tags: list = field(default_factory=list)
send_call(lambda point: point.x, Point(1))
send_call(lambda point: point.x, Point(2))
send_call(lambda colour: colour.name, Colour.BLUE)
send_call(lambda colour: colour.name, Colour.BLUE)
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


def received(data: bytes) -> Call:
    sent: Any = decode_value(data, VALUE)
    body, values = sent
    return decode_call(body, TASK, values)


def stored(value: object) -> bytes:
    return bytes(encode_value(value, VALUE).data or b"")


def body_of(encoder: CallEncoder, *args: object) -> bytes:
    return encoder.encode(TaskId("t" * 32), args, {}).body


def test_functions_of_a_script_run_in_another_process(elsewhere: Elsewhere) -> None:
    calls = map(received, elsewhere(FUNCTIONS))
    assert [call.function(*call.args) for call in calls] == [6, -2, 7, 6, 14, -5, 4, 9]


def test_functions_of_a_script_know_their_file_in_another_process(elsewhere: Elsewhere) -> None:
    (sent,) = elsewhere("def broken(): return [1 / 0 for _ in 'x']\nsend_call(broken)")
    function: Any = received(sent).function
    with pytest.raises(ZeroDivisionError) as caught:
        function()
    assert {Path(entry.path).name for entry in caught.traceback[1:]} == {"script.py"}


def test_classes_of_a_script_stay_the_same_from_task_to_task(elsewhere: Elsewhere) -> None:
    first, second, colour, same_colour = (received(data).args[0] for data in elsewhere(CLASSES))
    assert type(first) is type(second)
    assert (first.x, second.x, second.tags) == (1, 2, [])  # type: ignore[attr-defined]  # Points
    assert colour is same_colour


ECHO = """
for data in received:
    send(encode_value(decode_value(data, VALUE), VALUE).data)
"""


def test_a_class_that_comes_back_is_left_as_it_was(elsewhere: Elsewhere) -> None:
    class Local:
        def area(self) -> int:
            return 4

    area = Local.area
    (back,) = elsewhere(ECHO, stored([Local]))
    assert decode_value(back, VALUE) == [Local]
    assert Local.area is area


LEVELS = """
for data in received:
    local = decode_value(data, VALUE)
    encode_value(local, VALUE)
    send(str(local.level).encode())
"""


def test_a_class_that_was_changed_between_two_tasks_is_changed_there_too(elsewhere: Elsewhere) -> None:
    class Local:
        level = 1

    first = stored(Local)
    Local.level = 2
    assert elsewhere(LEVELS, first, stored(Local)) == [b"1", b"2"]


def test_functions_of_a_module_go_by_value_where_it_is_named(geometry: Any, elsewhere: Elsewhere) -> None:
    body = body_of(CallEncoder(geometry.area, "q", by_value=["geometry"]), geometry.Square(3))
    (answer,) = elsewhere(
        """
call = decode_call(received[0], TASK, {})
assert "geometry" not in sys.modules
send(encode_value([call.function(3), call.args[0].area()], VALUE).data)
""",
        body,
    )
    assert decode_value(answer, VALUE) == [18, 18]


def test_functions_of_a_module_go_by_reference_where_it_is_not_named(geometry: Any) -> None:
    body = body_of(CallEncoder(geometry.area, "q"), geometry.Square(3))
    assert read_envelope(body, "it").python is None


def test_a_module_that_was_made_by_hand_goes_by_value(monkeypatch: pytest.MonkeyPatch, elsewhere: Elsewhere) -> None:
    module = ModuleType("by_hand")
    exec("def double(x): return x * 2", module.__dict__)
    monkeypatch.setitem(sys.modules, "by_hand", module)
    body = body_of(CallEncoder(module.double, "q"), 4)
    (answer,) = elsewhere(
        "call = decode_call(received[0], TASK, {})\nsend(encode_value(call.function(*call.args), VALUE).data)", body
    )
    assert decode_value(answer, VALUE) == 8


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Switch threads as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_that_send_by_value_and_by_reference_do_not_disturb_each_other(geometry: Any) -> None:
    def bodies(by_value: list[str]) -> list[bytes]:
        encoder = CallEncoder(len, "q", by_value=by_value)
        return [body_of(encoder, [geometry.area, lambda: 1]) for _ in range(100)]  # a lambda, as plain pickle has none

    with ThreadPoolExecutor(4) as threads:
        whole, by_name, more_whole, more_by_name = threads.map(bodies, [["geometry"], [], ["geometry"], []])
    assert {b"SCALE" in body for body in whole + more_whole} == {True}
    assert {b"SCALE" in body for body in by_name + more_by_name} == {False}


def test_classes_of_a_child_of_multiprocessing_go_by_value(
    monkeypatch: pytest.MonkeyPatch, elsewhere: Elsewhere
) -> None:
    module = ModuleType("__mp_main__")
    exec("class Point:\n    def __init__(self, x): self.x = x", module.__dict__)
    monkeypatch.setitem(sys.modules, "__mp_main__", module)
    assert elsewhere("send(str(decode_value(received[0], VALUE).x).encode())", stored(module.Point(4))) == [b"4"]


FORKS = """
import os, signal, threading
over = threading.Event()
def pickle_always():
    while not over.is_set():
        encode_value([lambda: n for n in range(200)], VALUE)
thread = threading.Thread(target=pickle_always)
thread.start()
failed = 0
for _ in range(20):
    child = os.fork()
    if child == 0:
        signal.alarm(3)
        encode_value(lambda: 1, VALUE)
        os._exit(0)
    failed += os.waitpid(child, 0)[1] != 0
    if failed:
        break
over.set()
thread.join()
send(str(failed).encode())
"""


def test_a_process_that_was_forked_while_a_thread_pickled_can_pickle(elsewhere: Elsewhere) -> None:
    assert elsewhere(FORKS) == [b"0"]


SENTINEL = """
class Sentinel:
    def __reduce__(self): return "NOTHING"
NOTHING = Sentinel()
NOTHING.__module__ = "__main__"
try:
    encode_value([NOTHING], VALUE)
except TypeError as error:
    send(str(error).encode())
"""


def test_what_pickles_by_a_name_that_leads_nowhere_is_refused_at_once(elsewhere: Elsewhere) -> None:
    (said,) = elsewhere(SENTINEL)
    assert b"__main__.NOTHING, which workers cannot import" in said


def test_a_module_that_does_not_exist_cannot_be_sent_by_value() -> None:
    with pytest.raises(InvalidArgument, match="'no_such_module'"):
        CallEncoder(len, "q", by_value=["no_such_module"])


def test_names_of_modules_are_a_list() -> None:
    with pytest.raises(InvalidArgument, match=r"write by_value=\['json'\]"):
        CallEncoder(len, "q", by_value="json")


def of_another_python(envelope: bytes) -> bytes:
    return envelope[:7] + bytes([envelope[7] + 1]) + envelope[8:]


def test_code_of_another_python_is_refused_in_a_sentence() -> None:
    with pytest.raises(PayloadRefused, match=r"Python 3\.\d+ sent by value, and this is Python 3\.\d+"):
        decode_call(of_another_python(body_of(CallEncoder(lambda: 1, "q"))), TASK, {})


def test_a_value_with_code_of_another_python_is_refused_in_a_sentence() -> None:
    with pytest.raises(PayloadRefused, match="bytecode does not pass between them"):
        decode_value(of_another_python(stored(lambda: 1)), VALUE)


def test_a_call_of_another_python_can_be_looked_at() -> None:
    body = of_another_python(body_of(CallEncoder(lambda: 1, "q")))
    assert describe_call(body, TASK).endswith("<lambda>")


def test_plain_data_and_references_pass_between_pythons() -> None:
    assert read_envelope(body_of(CallEncoder(max, "q"), [1, 2], {"key": len}), "it").python is None
