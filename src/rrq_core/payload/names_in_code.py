"""The names that a lambda needs from outside, found in its bytecode: its source need not exist anywhere."""

import dis
from collections.abc import Callable, Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType

from rrq_core.payload.scope_stack import Need, Needs

_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})

_Start = tuple[int | None, int | None]


def names_in_lambda(function: FunctionType) -> Needs:
    """Find the names that a lambda needs: the variables that it closes over, and its globals."""
    needs = {name: Need(is_certain=True) for name in function.__code__.co_freevars}
    for code in _codes(function.__code__):
        called = {_start(instruction) for instruction in dis.get_instructions(code) if _is_call(instruction)}
        for instruction in dis.get_instructions(code):
            if instruction.opname in _READS:
                need = needs.setdefault(str(instruction.argval), Need(is_certain=True))
                need.is_called = need.is_called or _start(instruction) in called
    return needs


def globals_in_classes(function: FunctionType) -> dict[str, object]:
    """Find the globals that bodies of classes in a function read: what cloudpickle does not see."""
    names = {name for code in _codes(function.__code__) if not code.co_flags & CO_OPTIMIZED for name in _read(code)}
    return {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}


def globals_read(function: FunctionType) -> dict[str, object]:
    """Find the globals that a function reads, in it and in what is written inside of it."""
    names = {name for code in _codes(function.__code__) for name in _read(code)}
    return {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}


def without_surroundings(function: FunctionType) -> Callable[[], object]:
    """Give a lambda without what it reads from outside, which is sent beside it."""
    code = function.__code__
    # Each cell of a closure would hold a value of here.
    closure = tuple(type(cell)() for cell in function.__closure__ or ())
    bare = FunctionType(code, {}, function.__name__, function.__defaults__, closure)
    bare.__kwdefaults__, bare.__qualname__ = function.__kwdefaults__, function.__qualname__
    return bare


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _read(code: CodeType) -> Iterator[str]:
    return (str(each.argval) for each in dis.get_instructions(code) if each.opname in _READS)


def _is_call(instruction: dis.Instruction) -> bool:
    return instruction.opname.startswith("CALL") and "INTRINSIC" not in instruction.opname


def _start(instruction: dis.Instruction) -> _Start:
    """Give the place where the source of an instruction begins: a call begins where the name does that is called."""
    positions = instruction.positions
    return (None, None) if positions is None else (positions.lineno, positions.col_offset)
