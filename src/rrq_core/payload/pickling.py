"""Objects to pickles and back: protocol 5, large buffers beside the pickle, code by value where it must be.

Plain pickle comes first, since it is fast. What it cannot do, and what it would send by a reference that leads nowhere
at the other end (to `__main__`, or to a module that is sent by value), is cloudpickle's.
"""

import os
import pickle
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from threading import RLock
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import cloudpickle  # type: ignore[import-untyped]  # it has no types
from attrs import define, field

from rrq_core.model.reference import TaskReference
from rrq_core.model.value import Buffer
from rrq_core.payload.arrays import is_frozen_array, reduce_frozen_array
from rrq_core.payload.by_name import reduce_named
from rrq_core.payload.classes import keep_slots, note_sent, set_up_class
from rrq_core.payload.importable import only_here
from rrq_core.payload.names_in_code import globals_in_classes
from rrq_core.payload.source_lines import Lines, code_with_lines, lines_of

if TYPE_CHECKING:
    from pickle import Pickler
else:
    from cloudpickle import Pickler

PROTOCOL = 5

ENVIRONMENT_MODULE = "__rrq_main__"
"""The name of the module that is a worker's environment. What is defined there goes by value, as from `__main__`."""

# A module's name in a pickle is the only trace of a reference to it; that of a child of multiprocessing is __mp_main__.
_MAIN = b"_main__"
_OTHER_MAINS = ("__mp_main__", ENVIRONMENT_MODULE)

_NO_FILE = "<dynamic-code>"  # what cloudpickle writes for every file

_BESIDE = 64 * 1024  # bytes above which a bytearray is not copied into its pickle

_ATOMS = frozenset({type(None), bool, int, float, str, bytes})

_registry = RLock()
os.register_at_fork(before=_registry.acquire, after_in_parent=_registry.release, after_in_child=_registry.release)


@define(kw_only=True)
class Pickled:
    """A pickle, the buffers beside it, whether it holds bytecode, and the handles that stand for results in it."""

    data: bytes = field(repr=False)
    buffers: Sequence[memoryview] = field(default=(), repr=False)
    has_code: bool = False
    handles: Collection[TaskReference[object]] = ()

    @property
    def size(self) -> int:
        """Bytes of the pickle and of what lies beside it."""
        return len(self.data) + sum(map(len, self.buffers))


def pickled(value: object, by_value: Collection[str] = ()) -> Pickled:
    """Pickle a value. Its buffers are not copied.

    Args:
        value: What to pickle.
        by_value: Names of modules whose functions and classes are sent whole, since the other end does not have them.
    Raises:
        Exception: Whatever the value raises when it is pickled.
    """
    return pickled_quickly(value, by_value) or pickled_whole(value, by_value, WholePickler)


def are_atoms(values: Iterable[object]) -> bool:
    """Tell whether all values are plain: such data needs no care when it is pickled."""
    return _ATOMS.issuperset(map(type, values))


def is_plain(value: object) -> bool:
    """Tell whether a value is an atom, or a list, tuple or dict of atoms."""
    if type(value) in _ATOMS:
        return True
    if type(value) is dict:
        return are_atoms(value) and are_atoms(value.values())
    return (type(value) is list or type(value) is tuple) and are_atoms(value)


def plainly_pickled(value: object) -> bytes:
    """Pickle what holds nothing but atoms."""
    return pickle.dumps(value, PROTOCOL)


def unpickled(data: Buffer, buffers: Sequence[Buffer]) -> object:
    """Unpickle. What lies in the buffers is writable and the reader's own: those that are read-only are copied."""
    if not buffers:
        return pickle.loads(data)
    return pickle.loads(data, buffers=writable(buffers))


def writable(buffers: Sequence[Buffer]) -> list[Buffer]:
    """Give the buffers of a pickle as memory that may be written to. Such memory is taken over, other is copied."""
    return [bytearray(buffer) if memoryview(buffer).readonly else buffer for buffer in buffers]


def pickled_quickly(value: object, by_value: Collection[str]) -> Pickled | None:
    """Pickle a value plainly, None if that cannot be, or would not do for the other end."""
    buffers: list[pickle.PickleBuffer] = []
    if type(value) is bytearray and len(value) > _BESIDE:
        value = _Beside(value)
    try:
        data = pickle.dumps(value, PROTOCOL, buffer_callback=buffers.append)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # whatever it is, cloudpickle may know how
        return None
    if _MAIN in data or any(name.encode() in data for name in (*by_value, *only_here())):
        return None
    if not buffers:
        return Pickled(data=data)
    views = [buffer.raw() for buffer in buffers]
    if any(view.readonly for view in views):
        return None
    return Pickled(data=data, buffers=views)


class _Beside:
    """Stands for a bytearray, whose memory goes beside the pickle. Unpickled, it is a bytearray."""

    def __init__(self, value: bytearray) -> None:
        self._value = value

    def __reduce__(self) -> tuple[type[bytearray], tuple[pickle.PickleBuffer]]:
        return bytearray, (pickle.PickleBuffer(self._value),)


@contextmanager
def _sent_by_value(modules: Collection[str]) -> Iterator[None]:
    """Tell cloudpickle which modules to send whole. It knows of them in one place for all threads: one at a time."""
    with _registry:
        known = cloudpickle.list_registry_pickle_by_value()
        names = (*modules, *_OTHER_MAINS, *only_here())
        found = [sys.modules[name] for name in names if name in sys.modules]
        # By its own name, since multiprocessing gives __main__ a second one.
        new = {module.__name__: module for module in found if module.__name__ not in known}
        for module in new.values():
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in new.values():
                cloudpickle.unregister_pickle_by_value(module)


class WholePickler(Pickler):
    """Pickles with the functions and classes that the other end cannot import, and notes whether there is bytecode."""

    def __init__(self, buffers: list[pickle.PickleBuffer]) -> None:
        self._file = BytesIO()
        self.has_code = False
        self.handles: dict[TaskReference[object], None] = {}
        self._lines: list[Lines] = []
        self._unknown = {"__main__", *_OTHER_MAINS, *cloudpickle.list_registry_pickle_by_value()}
        super().__init__(self._file, PROTOCOL, buffer_callback=buffers.append)

    def pickle(self, value: object) -> bytes:
        """Give the pickle of one value."""
        self.dump(value)
        return self._file.getvalue()

    def reducer_override(self, value: object) -> Any:  # the types of the standard library do not know setters of states
        """Reduce what plain pickle cannot, or must not, reduce by itself."""
        if isinstance(value, CodeType):
            self.has_code = True
            return self._with_its_lines(value, _with_its_file(self.dispatch_table[CodeType](value), value.co_filename))
        if is_frozen_array(value):
            return reduce_frozen_array(value)
        named = None if type(value) in self.dispatch_table else reduce_named(value, self._unknown)
        if named is not None:
            return named
        reduced: Any = super().reducer_override(value)
        if isinstance(value, type) and isinstance(reduced, tuple) and len(reduced) == 6:
            note_sent(value)
            make, parts, attributes, items, pairs, setter = reduced
            keep_slots(value, parts, attributes[0])
            return make, parts, (setter, attributes), items, pairs, set_up_class
        if isinstance(value, FunctionType) and isinstance(reduced, tuple):
            _, slots = reduced[2]
            slots["__globals__"].update(globals_in_classes(value))
        return reduced

    def _with_its_lines(self, code: CodeType, reduced: Any) -> Any:  # as above
        """Add the source to reduced code, unless it is among that of the code around it."""
        lines = lines_of(code)
        if lines is None or any(others.holds(lines) for others in self._lines):
            return reduced
        self._lines.append(lines)
        return code_with_lines, (*reduced, lines)


def _with_its_file(reduced: Any, file: str) -> Any:  # as `reducer_override` above
    """Put the name of its file back into reduced code, which cloudpickle leaves out: tracebacks show it."""
    make, parts = reduced
    return make, tuple(file if part == _NO_FILE else part for part in parts)


def pickled_whole(value: object, by_value: Collection[str], kind: type[WholePickler]) -> Pickled:
    """Pickle a value with the functions and classes in it that the other end cannot import."""
    buffers: list[pickle.PickleBuffer] = []
    with _sent_by_value(by_value):
        pickler = kind(buffers)
        data = pickler.pickle(value)
    return Pickled(
        data=data, buffers=[buffer.raw() for buffer in buffers], has_code=pickler.has_code, handles=pickler.handles
    )
