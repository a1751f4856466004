"""Functions by reference: which can be, how they are named, and how they are found again."""

import importlib
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial, reduce
from types import BuiltinMethodType, MappingProxyType, MethodType, MethodWrapperType, ModuleType

from attrs import field, frozen

from rrq_core.errors import PayloadRefused
from rrq_core.payload.importable import is_importable
from rrq_core.payload.refusal import why_unreadable

Function = Callable[..., object]

NO_NAMES: Mapping[str, object] = MappingProxyType({})
"""An empty environment."""

# Each access makes a new one of these; two are the same if object and function are.
_BOUND = (MethodType, BuiltinMethodType, MethodWrapperType)


@frozen
class FunctionName:
    """Where a function is found: a module and, in it, a dotted name."""

    module: str
    qualname: str
    path: tuple[str, ...] = field(init=False, repr=False, eq=False)

    @path.default
    def _parts(self) -> tuple[str, ...]:
        return tuple(self.qualname.split("."))

    def __str__(self) -> str:
        return f"{self.module}.{self.qualname}" if self.module else self.qualname


def name_of(function: Function) -> FunctionName:
    """Name a callable for people: itself, the function of a partial, or the class of an object that can be called.

    >>> import functools, math
    >>> str(name_of(functools.partial(math.pow, 2)))
    'math.pow'
    """
    while isinstance(function, partial):
        function = function.func
    return next(_names(function), FunctionName(type(function).__module__, type(function).__qualname__))


def reference_to(function: Function, by_value: Collection[str]) -> FunctionName | None:
    """Give the name by which another process finds this very function, None if it must be sent by value.

    Args:
        function: Any callable.
        by_value: Names of modules that the other process does not have.
    """
    for name in _names(function):
        if is_importable(name.module, by_value) and is_found(name, function):
            return name
    return None


def is_found(name: FunctionName, function: Function) -> bool:
    """Tell whether a name stands for this very function, here and now."""
    found = _lookup(name)
    return found is function or (isinstance(found, _BOUND) and isinstance(function, _BOUND) and found == function)


def find_function(name: FunctionName, subject: object, names: Mapping[str, object]) -> Function:
    """Find a function by its name: in its module or, where that or the name in it is not here, in an environment.

    Args:
        name: Its name.
        subject: What calls it, for the error.
        names: The environment.
    Raises:
        PayloadRefused: If there is none here; the error names module, host and places, and what to do.
    """
    found = _lookup(name)
    if callable(found):
        return found
    try:
        found = reduce(getattr, name.path, importlib.import_module(name.module))
    except Exception as error:
        found = _among(names, name) if isinstance(error, ImportError | AttributeError) else None
        if found is None:
            raise PayloadRefused(f"{subject} calls {name}, but {why_unreadable(error, name.module)}") from error
    if not callable(found):
        raise PayloadRefused(f"{subject} calls {name}, which is no function here, but a {type(found).__name__}")
    return found


def reference_by_name(value: object, by_value: Collection[str]) -> FunctionName | None:
    """Give the name by which another process finds a value: of a module, or of a callable in one; None if it has none.

    Args:
        value: Any object. The name of a module has an empty `qualname`.
        by_value: Names of modules that the other process does not have.
    """
    if isinstance(value, ModuleType):
        name = value.__name__
        is_there = sys.modules.get(name) is value and is_importable(name, by_value)
        return FunctionName(name, "") if is_there else None
    return reference_to(value, by_value) if callable(value) else None


def find_by_name(name: FunctionName, subject: object, names: Mapping[str, object]) -> object:
    """Find what `reference_by_name` has named.

    Args:
        name: Its name.
        subject: What uses it, for the error.
        names: The environment; see `find_function`.
    Raises:
        PayloadRefused: If it is not here; the error names module, host and places, and what to do.
    """
    if name.qualname:
        return find_function(name, subject, names)
    try:
        return importlib.import_module(name.module)
    except Exception as error:
        raise PayloadRefused(f"{subject} uses {name.module}, but {why_unreadable(error, name.module)}") from error


def _names(function: Function) -> Iterator[FunctionName]:
    """Go through the names that a callable goes by; the first is the best one for people."""
    owner = getattr(function, "__objclass__", getattr(function, "__self__", None))
    kind = owner if isinstance(owner, type) else type(function if owner is None else owner)
    modules = (getattr(function, "__module__", None), kind.__module__)
    names = (getattr(function, "__qualname__", None), getattr(function, "__name__", None))
    for module in modules:
        for name in names:
            if isinstance(module, str) and isinstance(name, str):
                yield FunctionName(module, name)


def _lookup(name: FunctionName) -> object:
    """Give what a name stands for among the modules that are loaded, None if there is nothing."""
    try:
        return reduce(getattr, name.path, sys.modules[name.module])
    except Exception:  # the module is not loaded or has no such name, or what it runs to find one fails
        return None


def _among(names: Mapping[str, object], name: FunctionName) -> object:
    first, *others = name.path
    try:
        return reduce(getattr, others, names[first])
    except (KeyError, AttributeError):
        return None
