"""Which calls of a named group are the same: by the name of the function, not its code, and by all arguments.

Plain arguments are compared by value, others by their pickles. These can differ for equal objects: then a call is
taken for a new one.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from types import MethodType

from rrq_core.payload.function import Function, name_of
from rrq_core.payload.identity import function_text, is_compared, plain_text
from rrq_core.payload.pickling import Pickled

Pickles = Callable[[object], Pickled]


def member_hash(function: Function, args: Sequence[object], kwargs: Mapping[str, object], pickles: Pickles) -> str:
    """Give the hash of a call in a named group.

    Args:
        function: What is called.
        args: Positional arguments.
        kwargs: Keyword arguments; their order does not count.
        pickles: What pickles arguments, so that they can be compared.
    """
    called = _called_text(function, pickles)
    positional = [_text(value, pickles) for value in args]
    keywords = [f"{name}={_text(kwargs[name], pickles)}" for name in sorted(kwargs)]
    return _hash(f"{called}({', '.join(positional + keywords)})".encode("utf-8", "surrogatepass"))


def _called_text(function: Function, pickles: Pickles) -> str:
    """Write what is called: a function by its name, what has no name of its own by what it is made of."""
    if isinstance(function, partial):
        return f"partial {_called_text(function.func, pickles)} {_text([function.args, function.keywords], pickles)}"
    name = name_of(function)
    if name.qualname.endswith("<lambda>"):
        return function_text(function)
    if isinstance(function, MethodType) and not isinstance(function.__self__, type):
        return f"{name} of {_text(function.__self__, pickles)}"
    return str(name)


def _text(value: object, pickles: Pickles) -> str:
    if is_compared(value):
        return plain_text(value)
    pickled = pickles(value)
    return f"pickle {_hash(b''.join((pickled.data, *pickled.buffers)))}"


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()[:32]
