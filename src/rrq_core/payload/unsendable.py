"""What to say of an object that cannot be sent: where it is, what it is, and what to do instead."""

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import AsyncGeneratorType, CoroutineType, FunctionType, GeneratorType, MethodType

from rrq_core.errors import NotSendable

_MOST_PROBES = 10_000
_MOST_STEPS = 30

_REMEDIES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (GeneratorType, "make a list of it first: list(…)"),
    (AsyncGeneratorType, "collect what it yields in a list first"),
    (CoroutineType, "send the function and its arguments, submit(f, 1) in place of submit(f(1)): the worker awaits it"),
)
_REMEDIES_BY_MODULE = {
    "_thread": "make it inside the function, where it is used",
    "threading": "make it inside the function, where it is used",
    "_asyncio": "make it inside the function, where it is used",
    "_io": "send its path, and open it inside the function",
    "socket": "send its address, and connect inside the function",
    "_socket": "send its address, and connect inside the function",
    "sqlite3": "send the path of the database, and connect inside the function",
}
_REMEDY = "send what it is made of, and make it inside the function"


def not_sendable(value: object, error: Exception, what: str, pickles: Callable[[object], object]) -> NotSendable:
    """Make the error for a value that cannot be sent.

    Args:
        value: The value.
        error: What pickling it raised.
        what: What it is to the caller: "argument 2 of area".
        pickles: Pickles a part of it, or raises; by it the part that is to blame is found.
    """
    if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
        return NotSendable(
            f"{what} cannot be sent: it is nested too deeply, and pickling it ran into Python's limit on recursion "
            f"({sys.getrecursionlimit()}); make it flatter, or raise the limit by sys.setrecursionlimit"
        )
    place, culprit = _find(value, _probe(pickles))
    where = f"it holds {_named(culprit)} ({place})" if place else f"it is {_named(culprit)}"
    return NotSendable(f"{what} cannot be sent: {where}; {_remedy(culprit)} ({type(error).__name__}: {error!s:.500})")


def _named(culprit: object) -> str:
    module, name = type(culprit).__module__, type(culprit).__qualname__
    full = name if module == "builtins" else f"{module}.{name}"
    return f"{'an' if full[0] in 'aeiou' else 'a'} {full}"


def _remedy(culprit: object) -> str:
    for types, remedy in _REMEDIES:
        if isinstance(culprit, types):
            return remedy
    return _REMEDIES_BY_MODULE.get(type(culprit).__module__, _REMEDY)


def _probe(pickles: Callable[[object], object]) -> Callable[[object], bool]:
    """Make a test of whether a part is to blame, which after many parts blames none."""
    left = _MOST_PROBES

    def is_to_blame(part: object) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            return False
        try:
            pickles(part)
        except Exception:
            return True
        return False

    return is_to_blame


def _find(value: object, is_to_blame: Callable[[object], bool]) -> tuple[str, object]:
    """Go down to the innermost part that cannot be pickled: where it is, and what it is."""
    place = ""
    for _ in range(_MOST_STEPS):
        try:
            inner = next(((name, part) for name, part in _parts(value) if is_to_blame(part)), None)
        except Exception:  # some objects cannot be looked into; what was found so far is told
            break
        if inner is None:
            break
        place, value = place + inner[0], inner[1]
    return place.strip(), value


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Go through what a value is made of, each part with the words for its place."""
    if isinstance(value, FunctionType):
        yield from _variables(value)
    elif isinstance(value, partial):
        yield from ((" function of the partial", value.func), (" arguments of the partial", value.args))
        yield from _items(" argument {!r} of the partial", value.keywords.items())
    elif isinstance(value, MethodType):
        yield " object of the method", value.__self__
    elif isinstance(value, Mapping):
        yield from _items("[{!r:.60}]", value.items())
        yield from ((f" key {key!r:.60}", key) for key in value)
    elif isinstance(value, list | tuple):
        yield from _items("[{}]", enumerate(value))
    elif isinstance(value, set | frozenset):
        yield from ((" an element", part) for part in value)
    elif not _refuses_by_itself(value):
        yield from _items(".{}", _attributes(value).items())


def _items(place: str, parts: Iterable[tuple[object, object]]) -> Iterator[tuple[str, object]]:
    return ((place.format(key), part) for key, part in parts)


def _variables(function: FunctionType) -> Iterator[tuple[str, object]]:
    try:
        found = inspect.getclosurevars(function)
    except ValueError:  # a variable of an enclosing function has no value yet
        return
    yield from _items(" variable {!r} of " + function.__name__, found.nonlocals.items())
    yield from _items(" global {!r} of " + function.__name__, found.globals.items())
    yield from _items(" default {} of " + function.__name__, enumerate(function.__defaults__ or ()))


def _refuses_by_itself(value: object) -> bool:
    """Tell whether a value says itself that it cannot be pickled; what it is made of then does not matter."""
    if type(value).__reduce__ is object.__reduce__:
        return False
    try:
        value.__reduce__()
    except Exception:
        return True
    return False


def _attributes(value: object) -> Mapping[str, object]:
    names = [name for base in type(value).__mro__ for name in getattr(base, "__slots__", ())]
    slots = {name: getattr(value, name) for name in names if isinstance(name, str) and hasattr(value, name)}
    return {**slots, **getattr(value, "__dict__", {})}
