"""Objects that pickle by name, though they are no functions or classes: made anew where nobody can look the name up."""

import functools
import pickle
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any, NewType, ParamSpec

Reduced = tuple[Callable[..., object], tuple[object, ...]]


def reduce_named(value: object, unknown: Collection[str]) -> Reduced | None:
    """Reduce an object for pickle whose name leads nowhere at the other end; None if it is none of these.

    Args:
        value: Any object.
        unknown: Names of the modules that the other end does not have.
    Raises:
        PicklingError: If it can be found by its name only.
    """
    if getattr(value, "__module__", None) not in unknown or isinstance(value, type):
        return None
    if isinstance(value, functools._lru_cache_wrapper):
        return _cached, (value.__wrapped__, value.cache_parameters())
    if isinstance(value, NewType):
        return _new_type, (value.__name__, value.__supertype__, value.__module__)
    if isinstance(value, ParamSpec) or type(value).__name__ == "TypeVarTuple":
        return type(value), (value.__name__,)  # type: ignore[attr-defined]  # both have it
    _refuse_name(value)
    return None


def _cached(function: Callable[..., object], parameters: Mapping[str, Any]) -> object:
    return functools.lru_cache(**parameters)(function)


def _new_type(name: str, supertype: type, module: str) -> object:
    made = NewType(name, supertype)  # type: ignore[misc, valid-type]  # made again, not declared
    made.__module__ = module
    return made


def _refuse_name(value: object) -> None:
    if type(value).__reduce__ is object.__reduce__ or type(value).__reduce_ex__ is not object.__reduce_ex__:
        return
    name = value.__reduce__()
    if isinstance(name, str) and name in vars(sys.modules.get(value.__module__, sys)):
        raise pickle.PicklingError(
            f"it is pickled by its name alone, {value.__module__}.{name}, which workers cannot import"
        )
