"""Which version of a function this is: a hash of its code, equal in all processes of one version of Python."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import _lru_cache_wrapper, partial
from hashlib import sha256
from types import CellType, FunctionType, MethodType

from rrq_core.payload.function import Function
from rrq_core.payload.identity import argument_text, code_text
from rrq_core.payload.names_in_code import globals_read

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"  # each compiles to other code

_WRAPPERS = (staticmethod, classmethod, _lru_cache_wrapper)


def version_of(function: Function) -> str:
    """Give the version of a function: that of its code, what it has bound, and what it calls in its module.

    >>> version_of(lambda n: n + 1) == version_of(lambda n: n + 1)
    True
    >>> version_of(lambda n: n + 1) == version_of(lambda n: n - 1)
    False
    """
    text = "\n".join(_texts(function, set()))
    return f"{_PYTHON} {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def differ(one: str | None, other: str | None) -> bool:
    """Tell whether two versions differ; those of two versions of Python, or unknown ones, cannot be compared."""
    if one is None or other is None or one.partition(" ")[0] != other.partition(" ")[0]:
        return False
    return one != other


def _texts(value: object, seen: set[int]) -> Iterator[str]:
    """Write what a value does when it is called, each function once."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, partial):
        yield argument_text([value.args, value.keywords])
        yield from _texts(value.func, seen)
    elif isinstance(value, MethodType):
        yield from _texts(value.__func__, seen)
    elif isinstance(value, FunctionType):
        yield from _texts_of_function(value, seen)
    elif isinstance(value, type):
        yield from _all_texts((part for _, part in sorted(vars(value).items())), seen)
    else:
        yield from _texts_of_object(value, seen)


def _texts_of_function(function: FunctionType, seen: set[int]) -> Iterator[str]:
    yield code_text(function.__code__)
    yield argument_text([function.__defaults__, function.__kwdefaults__])
    bound = [*_contents(function.__closure__ or ())]
    for value in bound:
        yield argument_text(value)
    called = (value for value in globals_read(function).values() if _is_of(value, function.__module__))
    yield from _all_texts([*bound, *called], seen)


def _texts_of_object(value: object, seen: set[int]) -> Iterator[str]:
    """Go on to what a wrapper wraps, and to what makes an object callable."""
    if isinstance(value, _WRAPPERS):
        yield from _texts(value.__wrapped__, seen)
    elif isinstance(getattr(type(value), "__call__", None), FunctionType):  # noqa: B004 (which one it is)
        yield from _texts(type(value), seen)


def _all_texts(values: Iterable[object], seen: set[int]) -> Iterator[str]:
    for value in values:
        yield from _texts(value, seen)


def _is_of(value: object, module: str) -> bool:
    return callable(value) and getattr(value, "__module__", None) == module


def _contents(cells: Iterable[CellType]) -> Iterator[object]:
    for cell in cells:
        with suppress(ValueError):  # the variable has no value yet
            yield cell.cell_contents
