"""Calls to the bodies of tasks. A function is prepared once for many calls."""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.util import find_spec

from attrs import field, frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import TaskId
from rrq_core.model.value import NewValue
from rrq_core.payload.call_header import CallHeader, Place, Span
from rrq_core.payload.context import Context, PayloadKind
from rrq_core.payload.envelope import JSON, with_last_buffer, write_envelope
from rrq_core.payload.identity import call_hash
from rrq_core.payload.pickling import Pickled, are_atoms, pickled, plainly_pickled
from rrq_core.payload.sent_function import INLINE_PART, sent_function
from rrq_core.payload.value import encode_value, sendable

INLINE_BODY = 16 * 1024

Arguments = Sequence[object]
Keywords = Mapping[str, object]


@frozen(kw_only=True)
class EncodedCall:
    """The body of a task, and the stored values that it names."""

    body: bytes = field(repr=False)
    values: tuple[NewValue, ...] = field(repr=False)
    _call: Callable[[], str] = field(repr=False, eq=False)

    @property
    def call(self) -> str:
        """A hash of the function and its plain arguments, by which calls under one key are compared."""
        return self._call()


@frozen
class _SharedArgument:
    argument: object
    value: NewValue


class CallEncoder:
    """Makes the bodies of calls of one function.

    The function goes by reference where a worker can import it. A body holds function and arguments up to 16 KiB;
    beyond that, large arguments become stored values, and so does a function by value of more than 1 KiB always.

    Args:
        function: Any callable; coroutine functions too.
        queue_id: The queue that the tasks will be in.
        by_value: Names of modules that the workers do not have; what is in them is sent by value.
    Raises:
        InvalidArgument: If the function is no callable, or `by_value` names a module that does not exist.
        NotSendable: If the function cannot be sent.
    """

    def __init__(self, function: Callable[..., object], queue_id: str, *, by_value: Collection[str] = ()) -> None:
        self._by_value = _modules(by_value)
        self._queue_id = queue_id
        self._value_context = Context(kind=PayloadKind.VALUE, queue_id=queue_id)
        self._function = sent_function(function, self._by_value, self._value_context)
        self.name = str(self._function.name)
        task = Context(kind=PayloadKind.TASK, queue_id=queue_id)
        self._without_arguments = self._body(Pickled(data=b""), {}, task)

    def share(self, argument: object, what: str) -> object:
        """Prepare an argument of many calls, so that it is pickled once: pass what this returns in its place.

        Args:
            argument: The argument; changes to it after this are not sent.
            what: What it is to the caller, for the error: "argument 'table' of area".
        Raises:
            NotSendable: If it cannot be pickled.
        """
        value = self._stored(argument, what)
        return _SharedArgument(argument, value) if value.size > INLINE_PART else argument

    def encode(self, task: TaskId, args: Arguments, kwargs: Keywords) -> EncodedCall:
        """Make the body of one call.

        Args:
            task: The task that it will be the body of.
            args: Positional arguments.
            kwargs: Keyword arguments.
        Raises:
            NotSendable: If an argument cannot be pickled; the error names it.
        """
        if are_atoms(args) and are_atoms(kwargs.values()):
            arguments = plainly_pickled((tuple(args), dict(kwargs)))
            body = with_last_buffer(self._without_arguments, 1 + len(self._function.buffers), arguments)
            if len(body) <= INLINE_BODY:
                return self._encoded(body, {}, args, kwargs)
        return self._encode_any(task, args, kwargs)

    def _encode_any(self, task: TaskId, args: Arguments, kwargs: Keywords) -> EncodedCall:
        context = Context(kind=PayloadKind.TASK, queue_id=self._queue_id, names=(task,))
        shared = {place: part.value for place, part in _places(args, kwargs) if isinstance(part, _SharedArgument)}
        body = self._body(self._pickled(args, kwargs, shared), shared, context)
        if len(body) <= INLINE_BODY:
            return self._encoded(body, shared, args, kwargs)
        stored = {**shared, **self._large_arguments(args, kwargs, shared, len(body) - INLINE_BODY)}
        if len(stored) > len(shared):
            body = self._body(self._pickled(args, kwargs, stored), stored, context)
        return self._encoded(body, stored, args, kwargs)

    def _encoded(self, body: bytes, stored: Mapping[Place, NewValue], args: Arguments, kwargs: Keywords) -> EncodedCall:
        values = {value.hash: value for value in stored.values()}
        if self._function.value is not None:
            values[self._function.value.hash] = self._function.value
        return EncodedCall(body=body, values=tuple(values.values()), call=lambda: self._identity(args, kwargs))

    def _body(self, arguments: Pickled, stored: Mapping[Place, NewValue], context: Context) -> bytes:
        function = self._function
        header = CallHeader(
            function=function.name,
            inline=Span(0, len(function.buffers)) if function.buffers else None,
            hash=None if function.value is None else function.value.hash,
            arguments=Span(len(function.buffers), 1 + len(arguments.buffers)),
            stored=tuple((place, value.hash) for place, value in stored.items()),
        )
        buffers = (*function.buffers, arguments.data, *arguments.buffers)
        has_code = arguments.has_code or function.has_code
        return write_envelope(JSON, header.to_json(context), buffers, context, has_code=has_code)

    def _pickled(self, args: Arguments, kwargs: Keywords, stored: Mapping[Place, NewValue]) -> Pickled:
        pair = (
            tuple(None if place in stored else part for place, part in enumerate(args)),
            {name: None if name in stored else part for name, part in kwargs.items()},
        )
        try:
            return pickled(pair, self._by_value)
        except MemoryError:
            raise
        except Exception:
            for place, part in _places(*pair):
                sendable(part, self._what(place), self._by_value)
            return sendable(pair, f"what {self.name} is called with", self._by_value)

    def _large_arguments(
        self, args: Arguments, kwargs: Keywords, stored: Mapping[Place, NewValue], excess: int
    ) -> dict[Place, NewValue]:
        """Store as many arguments, the largest first, as bring a body down by `excess` bytes."""
        values = {
            place: self._stored(part, self._what(place)) for place, part in _places(args, kwargs) if place not in stored
        }
        chosen: dict[Place, NewValue] = {}
        for place, value in sorted(values.items(), key=lambda item: item[1].size, reverse=True):
            if excess <= 0 or value.size <= INLINE_PART:
                break
            chosen[place] = value
            excess -= value.size
        return chosen

    def _stored(self, argument: object, what: str) -> NewValue:
        return encode_value(argument, self._value_context, what=what, by_value=self._by_value)

    def _what(self, place: Place) -> str:
        which = place + 1 if isinstance(place, int) else repr(place)
        return f"argument {which} of {self._function.name.qualname.rpartition('.')[2]}"

    def _identity(self, args: Arguments, kwargs: Keywords) -> str:
        keywords = {name: _unshared(part) for name, part in kwargs.items()}
        return call_hash(self._function.function, self._function.reference, [*map(_unshared, args)], keywords)


def _places(args: Arguments, kwargs: Keywords) -> Iterator[tuple[Place, object]]:
    yield from enumerate(args)
    yield from kwargs.items()


def _unshared(argument: object) -> object:
    return argument.argument if isinstance(argument, _SharedArgument) else argument


def _modules(names: Collection[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise InvalidArgument(f"by_value is a list of names of modules, not one text; write [{names!r}]")
    unknown = [name for name in names if not _exists(name)]
    if unknown:
        raise InvalidArgument(f"by_value names modules that are not found here: {', '.join(map(repr, unknown))}")
    return frozenset(names)


def _exists(module: str) -> bool:
    try:
        return module in sys.modules or find_spec(module) is not None
    except (ImportError, ValueError):
        return False
