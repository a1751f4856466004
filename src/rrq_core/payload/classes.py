"""Classes that travel by value: whoever defined one keeps it as it is, everybody else has one copy.

A class by value is sent whole with its instances. cloudpickle makes one class of all that come with the same identity,
and sets it up anew each time. At home, in the process that defined it, that would replace its methods by copies that
came back with a result, so there it is left alone.
"""

from collections.abc import Callable, Sequence
from types import MemberDescriptorType
from typing import TypeVar
from weakref import WeakSet

_T = TypeVar("_T", bound=type)
Setter = Callable[[object, object], object]

_defined_here: WeakSet[type] = WeakSet()
_received: WeakSet[type] = WeakSet()


def note_sent(sent: type) -> None:
    """Remember a class that is sent by value; if it did not come from elsewhere, this is its home."""
    if sent not in _received:
        _defined_here.add(sent)


def keep_slots(sent: type, parts: Sequence[object], attributes: dict[str, object]) -> None:
    """Have a class made with its slots. cloudpickle makes it without: its instances would have another layout there.

    Args:
        sent: The class.
        parts: What it is made of, among it a dict of what is in its body from the start.
        attributes: What is set in it afterwards.
    """
    body = next((part for part in parts if type(part) is dict), None)
    slots = vars(sent).get("__slots__")
    if body is None or not slots:  # of named tuples they are empty, and may not be given
        return
    body["__slots__"] = slots
    for name, member in list(attributes.items()):
        if isinstance(member, MemberDescriptorType) and member.__objclass__ is sent:
            del attributes[name]  # that of a slot with a private name: it comes with the slot


def set_up_class(received: _T, state: tuple[Setter, object]) -> _T:
    """Set a class up that came by value, unless it is at home here. Called by pickles.

    Args:
        received: The class, found by its identity or made just now.
        state: What sets it up, and with what.
    """
    if received not in _defined_here:
        setter, attributes = state
        setter(received, attributes)
        _received.add(received)
    return received
