"""Where an expression is written: the places in which its names are looked up, and what is found there."""

import builtins
from collections.abc import Callable, Collection, Iterator, Mapping
from types import CodeType, FrameType, FunctionType
from typing import cast

from attrs import field, frozen

from rrq_core.errors import NameNotFound
from rrq_core.payload import FunctionName, ReadExpression, reference_by_name

_IMPLICIT = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_CO_OPTIMIZED = 1  # of functions; modules and classes have none


@frozen(kw_only=True)
class Place:
    """One place to look for names: what it is to people, and the names."""

    what: str
    names: Mapping[str, object] = field(repr=False)


@frozen(kw_only=True)
class Found:
    """What an expression takes along: values by name, and whether the expression can do without one; references; names
    that are left to the worker's environment.
    """

    values: Mapping[str, object] = field(repr=False)
    dispensable: Collection[str]
    references: Mapping[str, FunctionName]
    left: tuple[str, ...]


def places_around(frame: FrameType) -> list[Place]:
    """Give the places in which code that runs in a frame finds names, the innermost first."""
    places = [_variables(scope) for scope in _scopes(frame)]
    return [*places, _globals(frame.f_globals)]


def places_of_lambda(expr: Callable[[], object]) -> list[Place]:
    """Give the places in which a lambda finds names."""
    function = cast(FunctionType, expr)
    code, closure, shown = function.__code__, dict[str, object](), []
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            closure[name] = cell.cell_contents
            shown.append(name)
        except ValueError:
            shown.append(f"{name}, which has no value yet")
    where = f"the lambda ({code.co_filename}, line {code.co_firstlineno})"
    what = f"the variables that {where} closes over ({'; '.join(shown) or 'none'})"
    return [Place(what=what, names=closure), _globals(function.__globals__)]


def class_around(frame: FrameType) -> str | None:
    """Give the class inside of which the code of a frame is written, the innermost; None if there is none."""
    *around, own = frame.f_code.co_qualname.split(".")
    if not frame.f_code.co_flags & _CO_OPTIMIZED and own != "<module>":  # the class is being made
        return own
    while around and around[-1] == "<locals>":
        del around[-2:]
    return around[-1] if around else None


def look_up(read: ReadExpression, places: list[Place], given: Collection[str], by_value: Collection[str]) -> Found:
    """Look up the names that an expression needs.

    Args:
        read: The expression.
        places: Where to look, the first first.
        given: Names that need not be found, since they come as data.
        by_value: Names of modules that workers do not have.
    Raises:
        NameNotFound: If one is found nowhere, and is not called.
    """
    values: dict[str, object] = {}
    references: dict[str, FunctionName] = {}
    left: list[str] = []
    for name, need in read.needs.items():
        if name in given:
            continue
        place = next((place for place in places if name in place.names), None)
        if place is not None:
            _sort_in(name, place.names[name], by_value, values, references)
        elif name in vars(builtins):
            _sort_in_builtin(name, by_value, references)
        elif need.is_called or not need.is_certain:
            left.append(name)
        else:
            raise _not_found(name, places, given)
    dispensable = [name for name in values if not read.needs[name].is_certain]
    return Found(values=values, dispensable=dispensable, references=references, left=tuple(left))


def _sort_in(
    name: str,
    value: object,
    by_value: Collection[str],
    values: dict[str, object],
    references: dict[str, FunctionName],
) -> None:
    reference = reference_by_name(value, by_value)
    if reference is None:
        values[name] = value
    else:
        references[name] = reference


def _sort_in_builtin(name: str, by_value: Collection[str], references: dict[str, FunctionName]) -> None:
    """Leave builtins to the worker, but for those that a shell has added."""
    reference = reference_by_name(vars(builtins)[name], by_value)
    if reference is not None and reference.module != "builtins":
        references[name] = reference


def _not_found(name: str, places: list[Place], given: Collection[str]) -> NameNotFound:
    looked = [place.what for place in places]
    if given:
        looked.insert(0, f"the columns of the data ({', '.join(map(repr, given))})")
    error = NameNotFound(
        f"the expression reads {name!r}, which is not defined: it was looked for in {', '.join(looked)} and the "
        "builtins; define it before, or, if it is a function of the worker's environment, call it in the expression"
    )
    error.name = name
    return error


def _scopes(frame: FrameType) -> Iterator[FrameType]:
    """Go through the frame and those of the scopes around it that can be told, up to the module."""
    scope: FrameType | None = frame
    sees_class = True  # as functions do not see the names of the class around them, but comprehensions should
    while scope is not None and scope.f_locals is not scope.f_globals:
        is_class = not scope.f_code.co_flags & _CO_OPTIMIZED
        if sees_class or not is_class:
            yield scope
        sees_class = sees_class and _is_implicit(scope.f_code)
        scope = _around(scope)


def _around(frame: FrameType) -> FrameType | None:
    """Give the frame in whose code a scope is written, None if it has ended, or if there are several of it."""
    if _is_implicit(frame.f_code) and frame.f_code.co_name != "<genexpr>":
        return frame.f_back
    found = [caller for caller in _callers(frame) if _holds(caller.f_code, frame.f_code)]
    return found[0] if len(found) == 1 else None


def _callers(frame: FrameType) -> Iterator[FrameType]:
    caller = frame.f_back
    while caller is not None:
        yield caller
        caller = caller.f_back


def _holds(outer: CodeType, inner: CodeType) -> bool:
    return any(constant is inner for constant in outer.co_consts)


def _is_implicit(code: CodeType) -> bool:
    return code.co_name in _IMPLICIT


def _variables(frame: FrameType) -> Place:
    code = frame.f_code
    return Place(
        what=f"the variables of {code.co_qualname} ({code.co_filename}, line {frame.f_lineno})", names=frame.f_locals
    )


def _globals(names: Mapping[str, object]) -> Place:
    return Place(what=f"the globals of {names.get('__name__', 'this code')}", names=names)
