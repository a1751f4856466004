"""Tracebacks show the source of code that travelled, also where there is no file of it."""

import linecache
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rrq_core.payload import Context, PayloadKind, decode_failure, decode_value
from rrq_core.payload.source_lines import Lines, show_lines

Elsewhere = Callable[..., list[bytes]]

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")

BROKEN = """
def broken(n):
    def deeper():
        return (
            n / 0  # far too small
        )
    return deeper()
"""
SEND_FUNCTION = f"{BROKEN}send(encode_value(broken, VALUE).data)"
SEND_ERROR = f"""{BROKEN}
try:
    broken(1)
except ZeroDivisionError as error:
    send(encode_failure(capture_failure(error, ()), VALUE).data)
"""


@pytest.fixture(autouse=True)
def clean_cache() -> Iterator[None]:
    linecache.clearcache()
    yield
    linecache.clearcache()


def shown(error: BaseException | None) -> str:
    assert error is not None
    return "".join(traceback.format_exception(error))


def shown_when_called(function: Any) -> str:
    with pytest.raises(ZeroDivisionError) as caught:
        function(1)
    return shown(caught.value)


def test_a_function_brings_its_source(elsewhere: Elsewhere, tmp_path: Path) -> None:
    (data,) = elsewhere(SEND_FUNCTION)
    (tmp_path / "script.py").unlink()
    trace = shown_when_called(decode_value(data, VALUE))
    assert "return deeper()" in trace
    assert "n / 0  # far too small" in trace


def test_a_function_shows_the_source_that_it_was_made_of(elsewhere: Elsewhere, tmp_path: Path) -> None:
    (data,) = elsewhere(SEND_FUNCTION)
    script = tmp_path / "script.py"
    script.write_text(script.read_text().replace("far too small", "changed meanwhile"))
    assert "n / 0  # far too small" in shown_when_called(decode_value(data, VALUE))


def test_an_error_brings_the_lines_of_its_traceback(elsewhere: Elsewhere, tmp_path: Path) -> None:
    (data,) = elsewhere(SEND_ERROR)
    (tmp_path / "script.py").unlink()
    trace = shown(decode_failure(data, VALUE).cause())
    assert "return deeper()" in trace
    assert "n / 0  # far too small" in trace


def test_the_lines_of_a_traceback_do_not_hide_those_of_a_file_that_is_here(tmp_path: Path) -> None:
    file = tmp_path / "here.py"
    file.write_text("one\ntwo\n")
    show_lines(Lines(str(file), 2, ["other"]))
    assert linecache.getlines(str(file)) == ["one\n", "two\n"]


def test_lines_that_come_one_after_another_are_shown_together() -> None:
    show_lines(Lines("<cell>", 3, ["three\n"]))
    show_lines(Lines("<cell>", 1, ["one\n"]))
    linecache.checkcache("<cell>")
    assert linecache.getlines("<cell>") == ["one\n", "\n", "three\n"]
