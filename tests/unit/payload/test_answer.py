"""The frames of answers to messages."""

import importlib
import math
import sys
from pathlib import Path

import pytest

from rrq_core.errors import MessageError
from rrq_core.payload import Context, PayloadKind, encode_json
from rrq_core.payload.answer import Answer, Evaluated, IdleLimit, decode_answer, encode_answer
from rrq_core.testing.builders import new_worker_info

MESSAGE = Context(kind=PayloadKind.MESSAGE, queue_id="lab")


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("PONG", "PONG"),
        (new_worker_info(), new_worker_info()),
        (IdleLimit(timeout_idle=60, remaining=1.5), {"timeout_idle": 60, "remaining": 1.5}),
        (IdleLimit(timeout_idle=math.inf, remaining=math.inf), {"timeout_idle": math.inf, "remaining": math.inf}),
        *((Evaluated(value=value), value) for value in (None, b"raw", {"error": "no error"}, {1, 2}, "text", math.inf)),
    ],
)
def test_an_answer_is_read_as_it_was_given(answer: Answer, read: object) -> None:
    assert decode_answer(encode_answer(answer, MESSAGE), MESSAGE) == read


def test_why_there_is_none_is_read_as_an_error_that_is_not_raised() -> None:
    read = decode_answer(encode_answer(MessageError("not today"), MESSAGE), MESSAGE)
    assert isinstance(read, MessageError)
    assert str(read) == "not today"


@pytest.mark.parametrize(
    "frame",
    [
        b"no envelope",
        encode_json([1], MESSAGE),
        encode_json({"info": {"queues": []}}, MESSAGE),
        encode_json({"info": {"a name of another version": 1}}, MESSAGE),
    ],
)
def test_what_cannot_be_read_is_an_error_that_is_not_raised(frame: bytes) -> None:
    assert isinstance(decode_answer(frame, MESSAGE), MessageError)


def test_a_value_whose_module_is_not_here_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.py").write_text("class Thing: pass")
    with monkeypatch.context() as here:
        here.syspath_prepend(tmp_path)
        frame = encode_answer(Evaluated(value=importlib.import_module("elsewhere").Thing()), MESSAGE)
    del sys.modules["elsewhere"]
    read = decode_answer(frame, MESSAGE)
    assert isinstance(read, MessageError)
    assert "elsewhere" in str(read)
