"""Classes that travel by value: whoever defined one keeps it as it is, everybody else has one copy.

A class by value is sent whole with its instances. cloudpickle makes one class of all that come with the same identity,
and sets it up anew each time. At home, in the process that defined it, that would replace its methods by copies that
came back with a result, so there it is left alone.
"""

from collections.abc import Callable
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
