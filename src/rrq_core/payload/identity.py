"""Whether two calls are the same: a hash of the function and of the plain arguments, equal in all processes.

Plain are None, bool, int, float, str, and lists, tuples and dicts of them. Other arguments are not compared, since
their pickles differ from one time to the next.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from types import CellType, CodeType, FunctionType, MethodType

from rrq_core.payload.function import Function, FunctionName, name_of

_ATOMS = (type(None), bool, int, float, str)
_NOT_COMPARED = "…"


def call_hash(
    function: Function | None, reference: FunctionName | None, args: Sequence[object], kwargs: Mapping[str, object]
) -> str:
    """Give the hash of a call.

    Args:
        function: What is called.
        reference: The name by which others find it, if there is one; else its code is compared.
        args: Positional arguments.
        kwargs: Keyword arguments; their order does not count.
    """
    named = str(reference) if reference is not None else function_text(function)
    positional = [_argument_text(value) for value in args]
    keywords = [f"{name}={_argument_text(kwargs[name])}" for name in sorted(kwargs)]
    return sha256(f"{named}({', '.join(positional + keywords)})".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _argument_text(value: object) -> str:
    try:
        return plain_text(value)
    except RecursionError:  # it holds itself
        return _NOT_COMPARED


def function_text(function: object) -> str:
    """Write what a function is: its name, its code, and the plain values that it has bound."""
    if isinstance(function, partial):
        bound_now = _argument_text([function.args, function.keywords])
        return f"partial {function_text(function.func)} {bound_now}"
    if isinstance(function, MethodType):
        return function_text(function.__func__)
    if isinstance(function, FunctionType):
        bound = [_cell_text(cell) for cell in function.__closure__ or ()]
        return f"{name_of(function)} {code_text(function.__code__)} {bound} {_argument_text(function.__defaults__)}"
    return str(name_of(function)) if callable(function) else type(function).__qualname__


def _cell_text(cell: CellType) -> str:
    try:
        return _argument_text(cell.cell_contents)
    except ValueError:  # the variable has no value yet
        return _NOT_COMPARED


def code_text(code: CodeType) -> str:
    """Write what code does, not where it stands: a cell that is run again gives the same."""
    return f"{code.co_code.hex()} {code.co_names} {' '.join(map(_constant_text, code.co_consts))}"


def _constant_text(constant: object) -> str:
    if isinstance(constant, CodeType):
        return code_text(constant)
    if isinstance(constant, tuple):
        return f"({', '.join(map(_constant_text, constant))})"
    if isinstance(constant, frozenset):
        return f"{{{', '.join(sorted(map(_constant_text, constant)))}}}"
    return repr(constant)


def is_compared(value: object) -> bool:
    """Tell whether a value is plain, with all that is in it."""
    if type(value) in _ATOMS:
        return True
    try:
        if type(value) is dict:
            return all(is_compared(part) for pair in value.items() for part in pair)
        return type(value) in (list, tuple) and all(map(is_compared, value))  # type: ignore[call-overload]  # both are
    except RecursionError:  # it holds itself
        return False


def plain_text(value: object) -> str:
    """Write a plain value so that equal ones give the same text."""
    if type(value) in _ATOMS:
        return repr(value)
    if type(value) is list:
        return f"[{', '.join(map(plain_text, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(plain_text, value))})"
    if type(value) is dict:
        return f"{{{', '.join(sorted(f'{plain_text(key)}: {plain_text(part)}' for key, part in value.items()))}}}"
    return _NOT_COMPARED
