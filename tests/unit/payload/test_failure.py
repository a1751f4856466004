"""What ended a task is told in full at the other end; nothing about an exception keeps its failure from being told."""

import sys
import threading
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrq_core.errors import PayloadRefused
from rrq_core.payload import (
    Failure,
    capture_failure,
    decode_failure,
    decode_value,
    encode_failure,
    encode_value,
)
from tests.unit.payload.failing import VALUE, divide, failed, sent

Elsewhere = Callable[..., list[bytes]]


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def failure_of(error: BaseException) -> Failure:
    return sent(capture_failure(raised(error), ()))


@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=3).map(tuple), st.none() | st.just(b"an envelope"))
def test_a_failure_comes_back_as_it_was(
    name: str, message: str, trace: str, warnings: tuple[str, ...], exception: bytes | None
) -> None:
    failure = Failure(type_name=name, message=message, trace=trace, warnings=warnings, exception=exception)
    assert sent(failure) == failure


def test_a_failure_has_type_message_warnings_and_trace() -> None:
    failure = sent(capture_failure(failed(divide, 1, 0), ["DeprecationWarning: old"]))
    assert (failure.type_name, failure.message) == ("ZeroDivisionError", "division by zero")
    assert failure.warnings == ("DeprecationWarning: old",)
    assert "in divide\n    return a / b" in failure.trace
    assert failure.trace.endswith("ZeroDivisionError: division by zero\n")


def test_the_original_exception_comes_back_with_its_traceback() -> None:
    cause = sent(capture_failure(failed(divide, 1, 0), ())).cause()
    assert type(cause) is ZeroDivisionError
    assert cause.args == ("division by zero",)
    assert traceback.extract_tb(cause.__traceback__)[-1].name == "divide"


def test_notes_causes_and_contexts_come_back() -> None:
    error = ValueError("outer")
    error.add_note("look here")
    error.__cause__ = raised(KeyError("inner"))
    failure = failure_of(error)
    assert all(text in failure.trace for text in ("outer", "look here", "KeyError: 'inner'", "direct cause"))
    cause = failure.cause()
    assert cause is not None
    assert cause.__notes__ == ["look here"]
    assert repr(cause.__cause__) == "KeyError('inner')"


def test_a_group_comes_back_with_what_is_in_it() -> None:
    group = ExceptionGroup("several", [ValueError("one"), KeyError("two")])
    failure = failure_of(group)
    assert "ValueError: one" in failure.trace
    assert "KeyError: 'two'" in failure.trace
    cause = failure.cause()
    assert isinstance(cause, ExceptionGroup)
    assert list(map(repr, cause.exceptions)) == ["ValueError('one')", "KeyError('two')"]


BUILTIN = {
    SystemExit(3): "code",
    StopIteration(4): "value",
    UnicodeDecodeError("ascii", b"\xff", 0, 1, "not in range"): "object",
    FileNotFoundError(2, "No such file", "data.csv"): "filename",
    ModuleNotFoundError("no module", name="m"): "name",
    SyntaxError("bad", ("file", 1, 2, "text", 1, 3)): "text",
}


@pytest.mark.parametrize(("error", "attribute"), BUILTIN.items(), ids=lambda part: type(part).__name__)
def test_what_exceptions_of_python_hold_comes_back(error: BaseException, attribute: str) -> None:
    cause = failure_of(error).cause()
    assert (type(cause), str(cause)) == (type(error), str(error))
    assert getattr(cause, attribute) == getattr(error, attribute)


class Odd(Exception):
    """Its text is not what it was made of."""

    def __init__(self, code: int, *, reason: str) -> None:
        super().__init__(f"{code} because of {reason}")
        self.code = code


class Impossible(Exception):
    """Can be pickled, but not unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("no number",)


class Disguised(Exception):
    """Is something else when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return SimpleNamespace, ()


class Holding(Exception):
    """Holds what cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("held")
        self.lock = threading.Lock()


class Mute(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_exception_with_an_odd_constructor_comes_back() -> None:
    cause = failure_of(Odd(5, reason="rain")).cause()
    assert isinstance(cause, Odd)
    assert (str(cause), cause.code) == ("5 because of rain", 5)


@pytest.mark.parametrize("error", [Impossible("it"), Disguised("it"), Holding()])
def test_an_exception_that_cannot_be_sent_loses_only_itself(error: Exception) -> None:
    failure = failure_of(error)
    assert failure.cause() is None
    assert failure.exception is None
    assert failure.message == str(error)
    assert type(error).__name__ in failure.trace


def test_an_exception_that_cannot_be_shown_is_told_all_the_same() -> None:
    failure = failure_of(Mute())
    assert "str() of it fails" in failure.message
    assert "Mute" in failure.trace


def test_a_syntax_error_that_no_traceback_can_show_is_told_all_the_same() -> None:
    error = SyntaxError("bad")
    error.lineno, error.offset, error.text, error.filename = "x", "y", 3, 4  # type: ignore[assignment]  # on purpose
    assert "SyntaxError" in failure_of(error).trace


def test_an_exception_that_is_unknown_here_loses_only_itself() -> None:
    failure = failure_of(ValueError("no"))
    damaged = Failure(
        type_name=failure.type_name, message="no", trace=failure.trace, exception=(failure.exception or b"")[:-5]
    )
    assert sent(damaged).cause() is None
    assert sent(damaged).trace == failure.trace


FAIL = """
class OwnError(Exception):
    def __init__(self, n):
        super().__init__(n)
        self.n = n
def fail():
    raise OwnError(7)
try:
    fail()
except OwnError as error:
    send(encode_failure(capture_failure(error, ()), VALUE).data)
"""


def test_an_exception_of_a_script_comes_back_in_another_process(elsewhere: Elsewhere) -> None:
    (data,) = elsewhere(FAIL)
    failure = decode_failure(data, VALUE)
    assert failure.type_name == "OwnError"
    cause: Any = failure.cause()
    assert (type(cause).__name__, cause.n) == ("OwnError", 7)


FAIL_WITH = """
error = decode_value(received[0], VALUE)
try:
    raise error(1)
except Exception as caught:
    send(encode_failure(capture_failure(caught, ()), VALUE).data)
"""


def test_an_exception_that_was_sent_by_value_is_the_same_where_it_comes_back(elsewhere: Elsewhere) -> None:
    class LocalError(Exception):
        pass

    (data,) = elsewhere(FAIL_WITH, bytes(encode_value(LocalError, VALUE).data or b""))
    assert isinstance(decode_failure(data, VALUE).cause(), LocalError)


def test_an_exception_with_code_of_another_python_loses_only_itself() -> None:
    class LocalError(Exception):
        def __str__(self) -> str:
            return "local"

    failure = failure_of(LocalError())
    exception = failure.exception or b""
    newer = Failure(
        type_name=failure.type_name,
        message=failure.message,
        trace=failure.trace,
        exception=exception[:7] + bytes([sys.version_info[1] + 1]) + exception[8:],
    )
    assert failure.cause() is not None
    assert (sent(newer).cause(), sent(newer).message) == (None, "local")


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return pytest.fail, ("it was unpickled",)


def test_looking_at_a_failure_unpickles_nothing() -> None:
    failure = Failure(type_name="E", message="m", trace="t", exception=bytes(encode_value(Trap(), VALUE).data or b""))
    assert sent(failure) == failure


def test_a_value_is_not_read_as_a_failure_nor_a_failure_as_a_value() -> None:
    with pytest.raises(PayloadRefused):
        decode_failure(encode_value({"type": "x"}, VALUE).data or b"", VALUE)
    with pytest.raises(PayloadRefused):
        decode_value(encode_failure(capture_failure(ValueError(), ()), VALUE).data or b"", VALUE)
