"""What is made anew at the other end, as neither pickle nor cloudpickle can send it whole: cached functions and
properties, functions that dispatch on a type, types that go by a name that nobody there can look up.
"""

import functools
import inspect
import pickle
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from types import FunctionType
from typing import Any, NewType, ParamSpec

# The code of all functions that `singledispatch` makes, and of those that choose for them.
_DISPATCHING = functools.singledispatch(print).__code__  # type: ignore[attr-defined]  # it is a function
_CHOOSING = functools.singledispatch(print).dispatch.__code__

Reduced = tuple[Callable[..., object], tuple[object, ...]]


def reduce_named(value: object, unknown: Collection[str]) -> Reduced | None:
    """Reduce an object for pickle that can only be made anew at the other end; None if it is none of these.

    Args:
        value: Any object.
        unknown: Names of the modules that the other end does not have.
    Raises:
        PicklingError: If it can be found by its name only, and that leads nowhere.
    """
    if type(value) is functools.cached_property:
        return _cached_property, (value.func, value.attrname)
    if type(value) is functools.singledispatchmethod:
        return _dispatching_method, (value.func, value.dispatcher)
    if isinstance(value, FunctionType) and value.__code__ is _CHOOSING:
        return _choosing, _registered(inspect.getclosurevars(value).nonlocals["registry"])
    if getattr(value, "__module__", None) not in unknown or isinstance(value, type):
        return None
    if isinstance(value, functools._lru_cache_wrapper):
        return _cached, (value.__wrapped__, value.cache_parameters())
    if getattr(value, "__code__", None) is _DISPATCHING:
        return _dispatching, _registered(value.registry)  # type: ignore[attr-defined]  # singledispatch sets it
    if isinstance(value, NewType):
        return _new_type, (value.__name__, value.__supertype__, value.__module__)
    if isinstance(value, ParamSpec) or type(value).__name__ == "TypeVarTuple":
        return type(value), (value.__name__,)  # type: ignore[attr-defined]  # both have it
    _refuse_name(value)
    return None


def _cached_property(function: Callable[[Any], object], name: str | None) -> object:
    made = functools.cached_property(function)
    made.attrname = name  # which Python sets only while it makes a class
    return made


def _registered(registry: Mapping[type, object]) -> tuple[object, ...]:
    return registry[object], tuple(registry.items())


def _dispatching(default: Callable[..., object], others: Iterable[tuple[type, Callable[..., object]]]) -> object:
    made = functools.singledispatch(default)
    for kind, function in others:
        made.register(kind, function)
    return made


def _choosing(default: Callable[..., object], others: Iterable[tuple[type, Callable[..., object]]]) -> object:
    return _dispatching(default, others).dispatch  # type: ignore[attr-defined]  # singledispatch sets it


def _dispatching_method(function: Callable[..., object], dispatcher: Any) -> object:
    made = functools.singledispatchmethod(function)
    made.dispatcher = dispatcher
    return made


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
