"""Versions of functions tell whether they do the same, in all processes."""

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest

from rrq_core.payload.function_version import differ, version_of

Elsewhere = Callable[..., list[bytes]]

PLAIN = """
def scale(n, by=2):
    return helper(n) * by

def helper(n):
    return n + 1
"""
CHANGED = {
    "the body": ("* by", "/ by"),
    "a default": ("by=2", "by=3"),
    "a function that it calls": ("n + 1", "n + 2"),
}
LAID_OUT_OTHERWISE = """

# The scale, as it was.
def helper(n: "float"):
    # One more.
    return n + 1

def scale(n, by = 2):
    return helper(n) * by
"""


def made(source: str, name: str = "scale") -> Any:
    names: dict[str, Any] = {"__name__": "lab"}
    exec(source, names)
    return names[name]


@pytest.mark.parametrize("what", CHANGED)
def test_what_a_function_does_makes_another_version(what: str) -> None:
    assert differ(version_of(made(PLAIN)), version_of(made(PLAIN.replace(*CHANGED[what]))))


def test_where_and_how_it_is_written_does_not() -> None:
    assert version_of(made(PLAIN)) == version_of(made(LAID_OUT_OTHERWISE))


def test_functions_that_call_each_other_have_versions() -> None:
    source = "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n == 1 or even(n - 1)"
    assert version_of(made(source, "even")) == version_of(made(source, "even"))
    assert version_of(made(source, "even")) != version_of(made(source.replace("n == 1", "n == 3"), "even"))


WRAPPED = {
    "a partial": lambda fn: functools.partial(fn, 1),
    "a cached function": functools.cache,
    "a decorated function": lambda fn: functools.wraps(fn)(lambda *args: fn(*args)),
    "a method": lambda fn: type("Kind", (), {"run": fn})().run,
    "an object": lambda fn: type("Kind", (), {"__call__": fn})(),
    "a class": lambda fn: type("Kind", (), {"__init__": fn}),
    "a static method": lambda fn: type("Kind", (), {"__new__": staticmethod(fn)}),
}


@pytest.mark.parametrize("what", WRAPPED)
def test_what_is_wrapped_counts(what: str) -> None:
    wrap, other = WRAPPED[what], PLAIN.replace("* by", "/ by")
    assert version_of(wrap(made(PLAIN))) == version_of(wrap(made(PLAIN)))
    assert version_of(wrap(made(PLAIN))) != version_of(wrap(made(other)))


def test_a_function_without_code_has_a_version() -> None:
    assert version_of(math.hypot) == version_of(math.hypot)


def test_versions_of_other_pythons_and_unknown_ones_cannot_be_compared() -> None:
    assert not differ("3.11 aa", "3.12 bb")
    assert not differ(None, "3.12 bb")
    assert not differ("3.12 bb", None)


def test_they_are_equal_in_all_processes(elsewhere: Elsewhere) -> None:
    script = """
from rrq_core.payload.function_version import version_of
def known(word, words={"a"}): return word in {"one", "two", "three", "four"}
send(version_of(known).encode())
"""
    assert elsewhere(script, seed="1") == elsewhere(script, seed="2")
