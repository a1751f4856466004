"""Exceptions that cannot be made again of their `args` come back all the same."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from rrq_core.payload import capture_failure


def raise_from_another(error: BaseException) -> None:
    raise error from KeyError("another")


def back(error: BaseException) -> Any:
    """Give what comes back of an exception that was raised."""
    try:
        raise_from_another(error)
    except BaseException as caught:
        return capture_failure(caught, ()).cause()


class Demanding(Exception):
    """Even its `__new__` takes what its `args` do not have."""

    def __new__(cls, a: int, b: int) -> "Demanding":
        return super().__new__(cls, a)

    def __init__(self, a: int, b: int) -> None:
        super().__init__("demanding")
        self.sum = a + b


@dataclass(frozen=True)
class Unchanging(Exception):
    n: int


class Slotted(ImportError):
    __slots__ = ("code",)

    def __init__(self, code: int) -> None:
        super().__init__("slotted", name="module")
        self.code = code


class OddGroup(ExceptionGroup[Exception]):
    def __init__(self, message: str, exceptions: list[Exception]) -> None:
        super().__init__(message, exceptions)
        self.size = len(exceptions)


@pytest.mark.parametrize(
    ("error", "attribute"),
    [(Demanding(1, 2), "sum"), (Unchanging(3), "n"), (Slotted(4), "code"), (Slotted(5), "name")],
    ids=["new", "frozen", "slot", "of Python's own"],
)
def test_an_exception_that_is_not_made_of_its_args_comes_back(error: BaseException, attribute: str) -> None:
    cause = back(error)
    assert (type(cause), str(cause)) == (type(error), str(error))
    assert getattr(cause, attribute) == getattr(error, attribute)
    assert isinstance(cause.__cause__, KeyError)
    assert traceback.extract_tb(cause.__traceback__)[-1].name == "raise_from_another"


def test_a_group_with_an_odd_constructor_comes_back() -> None:
    cause = back(OddGroup("several", [ValueError("one")]))
    assert isinstance(cause, OddGroup)
    assert (cause.size, list(map(repr, cause.exceptions))) == (1, ["ValueError('one')"])


class Mild(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)


@pytest.mark.parametrize("kind", [ValueError, Mild])
def test_a_context_that_was_hidden_stays_hidden(kind: Callable[[str], Exception]) -> None:
    error = kind("shown")
    error.__context__, error.__suppress_context__ = KeyError("hidden"), True
    cause = capture_failure(error, ()).cause()
    assert cause is not None
    assert (repr(cause.__context__), cause.__suppress_context__) == ("KeyError('hidden')", True)
