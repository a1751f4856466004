"""Modules that workers do not have, as people name them."""

import sys
from collections.abc import Iterable
from importlib.util import find_spec

from rrq_core.errors import InvalidArgument


def modules_by_value(names: object) -> frozenset[str]:
    """Check the names of modules that are to be sent by value.

    Args:
        names: A list of names, or another collection of them.
    Raises:
        InvalidArgument: If it is none, or a name is no text, or there is no such module here.
    """
    if isinstance(names, str):
        raise InvalidArgument(f"by_value is a list of names of modules, not one text; write by_value=[{names!r}]")
    if not isinstance(names, Iterable):
        raise InvalidArgument(f"by_value is a list of names of modules, as in by_value=['geometry'], not {names!r:.60}")
    return frozenset([_checked(name) for name in names])


def _checked(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidArgument(
            f"by_value names modules, as in by_value=['geometry'], and {name!r:.60} is no name: of a module that is "
            "imported it is module.__name__"
        )
    if not _exists(name):
        raise InvalidArgument(
            f"by_value names {name!r:.200}, and there is no such module here: it is what you would write after import; "
            "see that its folder is on sys.path, or leave it out"
        )
    return name


def _exists(module: str) -> bool:
    try:
        return module in sys.modules or find_spec(module) is not None
    except (ImportError, ValueError):
        return False
