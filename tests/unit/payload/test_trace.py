"""The traceback of a failure has a bound, and begins where the code of the user does."""

import traceback
from collections.abc import Callable
from typing import Any

from rrq_core.payload import Context, Failure, PayloadKind, capture_failure, decode_failure, encode_failure

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")


def sent(failure: Failure) -> Failure:
    return decode_failure(encode_failure(failure, VALUE).data or b"", VALUE)


def divide(a: int, b: int) -> float:
    return a / b


def failed(function: Callable[..., object], *args: object) -> BaseException:
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("it did not fail")


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
