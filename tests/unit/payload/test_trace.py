"""The traceback of a failure has a bound, and begins where the code of the user does."""

import linecache
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rrq_core.payload import capture_failure
from tests.unit.payload.failing import divide, failed, sent


def down(n: int) -> int:
    return up(n + 1)


def up(n: int) -> int:
    return down(n + 1)


def test_a_runaway_recursion_is_told_within_bounds() -> None:
    failure = sent(capture_failure(failed(down, 0), ()))
    assert failure.type_name == "RecursionError"
    assert len(failure.trace) < 100_000
    assert "characters left out" in failure.trace
    assert failure.trace.rstrip().splitlines()[-1].startswith("RecursionError: maximum recursion depth exceeded")


def test_a_runaway_recursion_comes_back_with_the_ends_of_its_traceback() -> None:
    cause = sent(capture_failure(failed(down, 0), ())).cause()
    assert isinstance(cause, RecursionError)
    names = [frame.name for frame in traceback.extract_tb(cause.__traceback__)]
    assert len(names) == 100
    assert names[:3] == ["failed", "down", "up"]


def test_a_message_of_megabytes_is_told_within_bounds() -> None:
    failure = sent(capture_failure(ValueError("x" * 1_000_000 + "the end"), ()))
    assert len(failure.message) < 10_000
    assert failure.message.endswith("the end")
    assert len(failure.trace) < 100_000


SHARE = """def share(x):
    y = x + 1
    né = 0
    return x + len("é") * (y / né) + 1
"""


def share_of(file: str) -> Callable[..., object]:
    names: dict[str, Any] = {}
    exec(compile(SHARE, file, "exec"), names)
    function: Callable[..., object] = names["share"]
    return function


def come_back(error: BaseException) -> BaseException:
    cause = sent(capture_failure(error, ())).cause()
    assert cause is not None
    return cause


def test_a_traceback_comes_back_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "share.py"
    file.write_text(SHARE)
    error = failed(share_of(str(file)), 1)
    before = "".join(traceback.format_exception(error))
    assert "~~^~~~" in before
    assert "".join(traceback.format_exception(come_back(error))) == before


def test_the_code_of_a_traceback_begins_where_its_function_does(tmp_path: Path) -> None:
    trace = come_back(failed(share_of(str(tmp_path / "share.py")), 1)).__traceback__
    assert trace is not None
    assert trace.tb_next is not None
    last = trace.tb_next
    assert (last.tb_lineno, last.tb_frame.f_lineno, last.tb_frame.f_code.co_firstlineno) == (4, 4, 1)
    assert last.tb_frame.f_code.co_qualname == "share"


def test_no_part_is_marked_of_a_line_that_is_another_here(tmp_path: Path) -> None:
    file = tmp_path / "share.py"
    file.write_text(SHARE)
    failure = capture_failure(failed(share_of(str(file)), 1), ())
    file.write_text("\n" * 3 + "    something_else_that_was_written_meanwhile()\n")
    linecache.clearcache()
    shown = "".join(traceback.format_exception(sent(failure).cause()))
    assert shown.partition("written_meanwhile()\n")[2] == "ZeroDivisionError: division by zero\n"


def test_no_part_is_marked_of_an_expression_of_many_lines(tmp_path: Path) -> None:
    file = tmp_path / "many.py"
    file.write_text("def many():\n    return (1 +\n        1) / 0\n")
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    shown = "".join(traceback.format_exception(come_back(failed(names["many"]))))
    assert shown.partition("return (1 +\n")[2] == "ZeroDivisionError: division by zero\n"


@pytest.mark.parametrize("down", [0, 40, 5000])
def test_a_line_is_found_however_far_down_in_its_function(down: int) -> None:
    names: dict[str, Any] = {}
    exec(compile("def long():\n    0" + "\n" * (down + 1) + "    1 / 0\n", "<long>", "exec"), names)
    frames = traceback.extract_tb(come_back(failed(names["long"])).__traceback__)
    assert frames[-1].lineno == down + 3


def failed_in_a_worker(function: Callable[..., object], *args: object) -> BaseException:
    """Call a function from a frame of a worker, and give what it raised, traced from there on."""
    names: dict[str, Any] = {"__name__": "rrq_core.worker.run", "function": function}
    exec("def run_task(*args):\n    return function(*args)", names)
    error = failed(names["run_task"], *args)
    assert error.__traceback__ is not None
    return error.with_traceback(error.__traceback__.tb_next)


def test_the_frames_of_the_worker_are_left_out() -> None:
    failure = sent(capture_failure(failed_in_a_worker(divide, 1, 0), ()))
    assert "run_task" not in failure.trace
    cause = failure.cause()
    assert cause is not None
    assert [frame.name for frame in traceback.extract_tb(cause.__traceback__)] == ["divide"]


def test_the_frames_of_the_worker_stay_where_there_are_no_others() -> None:
    assert "run_task" in capture_failure(failed_in_a_worker(len, 1), ()).trace
