"""Pickles to compare objects by, never to read them back: equal objects give the same in all processes.

What differs from one process to another is written by name or in order: classes by their names, sets in the order of
the texts of what is in them, code by what it does and not where it stands.
"""

from collections.abc import Collection
from enum import Enum
from types import CodeType

from rrq_core.payload.argument import ArgumentPickler
from rrq_core.payload.identity import code_text, is_compared, plain_text
from rrq_core.payload.pickling import Pickled, pickled_whole


def comparably_pickled(value: object, by_value: Collection[str]) -> Pickled:
    """Pickle an object for its hash.

    Args:
        value: Any object. Sets that hold other than plain values, bytes, members of enums and such sets stay as they
            come: these can differ for equal ones.
        by_value: Names of modules that the other end does not have.
    Raises:
        Exception: Whatever the value raises when it is pickled.
    """
    return pickled_whole(value, by_value, _ComparablePickler)


class _ComparablePickler(ArgumentPickler):
    def persistent_id(self, value: object) -> str | None:
        if isinstance(value, type):
            return _class_text(value)
        if isinstance(value, CodeType):
            return code_text(value)
        return _set_text(value) if type(value) in (set, frozenset) else None


def _class_text(value: type) -> str:
    return f"class {value.__module__}.{value.__qualname__}"


def _set_text(value: object) -> str | None:
    assert isinstance(value, set | frozenset)
    texts = [text for element in value if (text := _element_text(element)) is not None]
    return f"{type(value).__name__} {{{', '.join(sorted(texts))}}}" if len(texts) == len(value) else None


def _element_text(element: object) -> str | None:
    if isinstance(element, Enum):
        return f"{_class_text(type(element))}.{element.name}"
    if type(element) is frozenset:
        return _set_text(element)
    if type(element) is bytes:
        return repr(element)
    return plain_text(element) if is_compared(element) else None
