"""How a task is to be run lies in its body, and is read without unpickling."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrq_core.errors import InvalidArgument, PayloadRefused
from rrq_core.model.ids import TaskId
from rrq_core.payload import (
    ANY_EXCEPTION,
    Backoff,
    CallEncoder,
    Context,
    PayloadKind,
    RunOptions,
    describe_call,
    exponential,
    read_retry_on,
    read_run_options,
)
from rrq_core.payload.envelope import JSON, write_envelope

TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))
NOTHING = RunOptions()
SOME = RunOptions(memory=8_000_000_000, env={"OMP_NUM_THREADS": "1", "Ä": "ü\udc80"}, retry_delay=exponential(1, 60))


class Unready(Exception):
    """A kind of errors."""


def body(
    *args: object,
    function: Callable[..., object] = len,
    run: RunOptions = NOTHING,
    retry_on: tuple[type[BaseException], ...] = ANY_EXCEPTION,
) -> bytes:
    return CallEncoder(function, "q", run=run, retry_on=retry_on).encode(TaskId("t" * 32), args, {}).body


@pytest.mark.parametrize("args", [(1,), ([1, {2}],), ("x" * 20_000,)])
@pytest.mark.parametrize("function", [len, lambda x: x])
def test_options_come_back_as_they_were(function: Callable[..., object], args: tuple[object, ...]) -> None:
    written = body(*args, function=function, run=SOME, retry_on=(OSError, Unready))
    assert read_run_options(written, TASK) == SOME
    assert read_retry_on(written, TASK) == (OSError, Unready)


def test_where_nothing_is_said_the_body_holds_nothing() -> None:
    written = body(1)
    assert b'"run"' not in written
    assert b'"retry_on"' not in written
    assert read_run_options(written, TASK) == RunOptions()
    assert read_retry_on(written, TASK) == (Exception,)


def test_kinds_of_errors_of_a_task_that_is_never_retried_are_left_out() -> None:
    assert b'"retry_on"' not in body(1, retry_on=(OSError,))


def test_looking_unpickles_no_kinds_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    written = body(1, run=SOME, retry_on=(Unready,))
    monkeypatch.delattr("tests.unit.payload.test_run_options.Unready")
    assert read_run_options(written, TASK) == SOME
    assert describe_call(written, TASK) == "builtins.len"
    with pytest.raises(PayloadRefused, match="Unready"):
        read_retry_on(written, TASK)


@pytest.mark.parametrize(
    "run",
    [
        '{"memory": "8 GB"}', '{"memory": 1.5}', '{"env": []}', '{"env": {"A": 1}}', '{"retry_delay": 3}',
        '{"retry_delay": [1, 2]}', '{"retry_delay": ["a", 2, 1]}', "[]",
    ],
)  # fmt: skip
def test_damaged_options_are_refused(run: str) -> None:
    header = '{"function": {"module": "builtins", "qualname": "len"}, "arguments": {"buffers": [0, 1]}, "run": %s}'
    damaged = write_envelope(JSON, (header % run).encode(), (b"",), TASK)
    with pytest.raises(PayloadRefused, match="damaged"):
        read_run_options(damaged, TASK)


@given(first=st.floats(0.001, 1e6), limit=st.floats(0.001, 1e9), attempt=st.integers(1, 10**6))
def test_delays_double_until_the_limit(first: float, limit: float, attempt: int) -> None:
    backoff = exponential(min(first, limit), max(first, limit))
    pause, following = backoff.pause(attempt), backoff.pause(attempt + 1)
    assert following == min(2 * pause, backoff.limit)
    assert math.isfinite(following)


def test_a_constant_delay_stays_the_same() -> None:
    assert [Backoff(first=3.0, limit=3.0).pause(attempt) for attempt in (1, 2, 50)] == [3.0, 3.0, 3.0]


@pytest.mark.parametrize("first", [0, -1, math.nan, math.inf, True, "1"])
def test_a_first_delay_that_cannot_be_is_refused(first: float) -> None:
    with pytest.raises(InvalidArgument, match=r"first of exponential\(\) is a finite number of seconds above 0"):
        exponential(first, 60)


@pytest.mark.parametrize("limit", [0, math.nan, math.inf, False])
def test_a_limit_that_cannot_be_is_refused(limit: float) -> None:
    with pytest.raises(InvalidArgument, match=r"limit of exponential\(\)"):
        exponential(1, limit)


def test_a_limit_below_the_first_delay_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"exponential\(60, 1\) has a limit below its first delay"):
        exponential(60, 1)
