"""Exceptions that are revived without calling anything of their own: their constructors may take what nobody kept."""

from collections.abc import Callable, Iterator, Mapping
from types import GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType
from typing import TypeVar

_T = TypeVar("_T", bound=BaseException)

_OF_EVERY_EXCEPTION = frozenset({*vars(BaseException), *vars(object), "__weakref__"})
_LINKS = ("__cause__", "__context__", "__suppress_context__", "__traceback__")  # in this order: a cause suppresses


def is_made_of_its_args(error: BaseException) -> bool:
    """Tell whether pickle makes an exception again as it was: of its type and `args`, or by its own `__reduce__`."""
    kind = type(error)
    return isinstance(kind.__init__, WrapperDescriptorType) or not isinstance(kind.__reduce__, MethodDescriptorType)


def reduce_bare(error: BaseException) -> tuple[Callable[..., BaseException], tuple[object, ...]]:
    """Reduce an exception for pickle: its type, `args`, `__dict__`, slots, and what it is linked to."""
    links = {name: getattr(error, name) for name in _LINKS}
    made_of = (error.message, error.exceptions) if isinstance(error, BaseExceptionGroup) else ()
    attributes, members = dict(vars(error)), dict(members_of(error))
    return _made_bare, (type(error), made_of, attributes, {**members, "args": error.args, **links})


def _made_bare(
    kind: type[BaseException],
    made_of: tuple[object, ...],
    attributes: Mapping[str, object],
    fields: Mapping[str, object],
) -> BaseException:
    error = new_bare(kind, *made_of)
    vars(error).update(attributes)
    set_members(error, fields)
    return error


def new_bare(kind: type[_T], *made_of: object) -> _T:
    """Make an instance by the constructor of the first type of Python's own among the bases that give it its layout.

    Another of its bases may be of Python's own too, and refuse: MemoryError does.
    """
    builtin: type[BaseException] = kind
    while builtin.__module__ != "builtins" and (base := builtin.__base__) and issubclass(base, BaseException):
        builtin = base
    error: _T = builtin.__new__(kind, *made_of)
    return error


def members_of(error: BaseException) -> Iterator[tuple[str, object]]:
    """Go through what is no entry of `__dict__`: slots, and the fields of Python's exceptions such as `errno`."""
    for base in type(error).__mro__:
        for name, member in vars(base).items():
            if isinstance(member, MemberDescriptorType | GetSetDescriptorType) and name not in _OF_EVERY_EXCEPTION:
                try:
                    value = member.__get__(error)
                except (AttributeError, TypeError):
                    continue  # not set
                if value is not None:
                    yield name, value


def set_members(error: BaseException, members: Mapping[str, object]) -> None:
    """Set what `members_of` found; what can only be read is left out.

    Not by the type's own way of setting, which may refuse, as that of a frozen class does.
    """
    for name, value in members.items():
        try:
            BaseException.__setattr__(error, name, value)
        except (AttributeError, TypeError, ValueError):
            continue
