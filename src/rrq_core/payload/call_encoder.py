"""Calls to the bodies of tasks. A function is prepared once for many calls."""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.util import find_spec

from attrs import field, frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import TaskId
from rrq_core.model.value import Buffer, NewValue
from rrq_core.payload.call_header import CallHeader, Place, Span
from rrq_core.payload.context import Context, PayloadKind
from rrq_core.payload.envelope import JSON, as_value, write_envelope
from rrq_core.payload.function import FunctionName, name_of, reference_to
from rrq_core.payload.identity import call_hash
from rrq_core.payload.pickling import Pickled, pickled
from rrq_core.payload.value import encode_value_with, sendable, write_pickle

INLINE_BODY = 16 * 1024
INLINE_PART = 1024


@frozen(kw_only=True)
class EncodedCall:
    """The body of a task, and the stored values that it names. `call` is made when it is asked for."""

    body: bytes = field(repr=False)
    values: tuple[NewValue, ...] = field(repr=False)
    _call: Callable[[], str] = field(repr=False, eq=False)

    @property
    def call(self) -> str:
        """A hash of the function and its plain arguments, by which calls under one key are compared."""
        return self._call()


@frozen(kw_only=True)
class _SentFunction:
    """A function as it goes into bodies: by its name alone, inline, or as a stored value."""

    name: FunctionName
    is_reference: bool
    buffers: tuple[Buffer, ...] = ()
    has_code: bool = False
    value: NewValue | None = None


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
        self._original = function
        self._function = self._sent_function()
        self.name = str(self._function.name)
        self._without_arguments = self._body((), (), None)

    def share(self, argument: object, what: str) -> object:
        """Prepare an argument of many calls, so that it is pickled once: pass what this returns in its place.

        Args:
            argument: The argument; changes to it after this are not sent.
            what: What it is to the caller, for the error: "argument 'table' of area".
        Raises:
            NotSendable: If it cannot be pickled.
        """
        value = encode_value_with(argument, self._value_context, what, self._by_value)
        return _SharedArgument(argument, value) if value.size > INLINE_PART else argument

    def encode(self, task: TaskId, args: Sequence[object], kwargs: Mapping[str, object]) -> EncodedCall:
        """Make the body of one call.

        Args:
            task: The task that it will be the body of.
            args: Positional arguments.
            kwargs: Keyword arguments.
        Raises:
            NotSendable: If an argument cannot be pickled; the error names it.
        """
        context = Context(kind=PayloadKind.TASK, queue_id=self._queue_id, names=(task,))
        shared = {place: each.value for place, each in _places(args, kwargs) if type(each) is _SharedArgument}
        stored: Mapping[Place, NewValue] = shared
        body = self._body(args, kwargs, stored, context)
        if len(body) > INLINE_BODY:
            stored = {**shared, **self._large_arguments(args, kwargs, shared, len(body) - INLINE_BODY)}
            body = self._body(args, kwargs, stored, context) if len(stored) > len(shared) else body
        function = () if self._function.value is None else (self._function.value,)
        values = {value.hash: value for value in (*function, *stored.values())}
        return EncodedCall(body=body, values=tuple(values.values()), call=lambda: self._identity(args, kwargs))

    def _sent_function(self) -> _SentFunction:
        function = self._original
        if not callable(function):
            raise InvalidArgument(
                f"the function to call is a {type(function).__name__}, which cannot be called: {function!r:.200}; give "
                "the function and its arguments, submit(f, 1), not what it returns, submit(f(1))"
            )
        reference = reference_to(function, self._by_value)
        if reference is not None:
            return _SentFunction(name=reference, is_reference=True)
        name = name_of(function)
        whole = sendable(function, f"the function {name}", self._by_value | _made_by_hand(name.module))
        if len(whole.data) + sum(map(len, whole.buffers)) > INLINE_PART:
            stored = as_value(write_pickle(whole, self._value_context))
            return _SentFunction(name=name, is_reference=False, value=stored)
        # The views in `whole` are of objects that may change, or go, before the last call is encoded.
        buffers = (whole.data, *map(bytes, whole.buffers))
        return _SentFunction(name=name, is_reference=False, buffers=buffers, has_code=whole.has_code)

    def _body(
        self, args: Sequence[object], kwargs: Mapping[str, object], stored: Mapping[Place, NewValue], context: Context
    ) -> bytes:
        arguments = self._pickled_arguments(args, kwargs, stored)
        function = self._function.buffers
        header = self._header(1 + len(arguments.buffers), stored)
        buffers = (*function, arguments.data, *arguments.buffers)
        has_code = arguments.has_code or self._function.has_code
        return write_envelope(JSON, header, buffers, context, has_code=has_code)

    def _header(self, n: int, stored: Mapping[Place, NewValue]) -> bytes:
        """Give the JSON of a body, made once for bodies without stored arguments."""
        if not stored and n in self._headers:
            return self._headers[n]
        function = self._function
        header = CallHeader(
            function=function.name,
            inline=Span(0, len(function.buffers)) if function.buffers else None,
            hash=None if function.value is None else function.value.hash,
            arguments=Span(len(function.buffers), n),
            stored=tuple((place, value.hash) for place, value in stored.items()),
        ).to_json(self.name)
        if not stored:
            self._headers[n] = header
        return header

    def _pickled_arguments(
        self, args: Sequence[object], kwargs: Mapping[str, object], stored: Mapping[Place, NewValue]
    ) -> Pickled:
        if stored:
            args = [None if place in stored else argument for place, argument in enumerate(args)]
            kwargs = {name: None if name in stored else argument for name, argument in kwargs.items()}
        pair = (tuple(args), dict(kwargs))
        try:
            return pickled(pair, self._by_value)
        except MemoryError:
            raise
        except Exception:
            for place, argument in _places(args, kwargs):
                sendable(argument, self._what(place), self._by_value)
            return sendable(pair, f"what {self.name} is called with", self._by_value)

    def _large_arguments(
        self, args: Sequence[object], kwargs: Mapping[str, object], stored: Mapping[Place, NewValue], excess: int
    ) -> dict[Place, NewValue]:
        """Store as many arguments, the largest first, as bring a body down by `excess` bytes."""
        values = {
            place: encode_value_with(argument, self._value_context, self._what(place), self._by_value)
            for place, argument in _places(args, kwargs)
            if place not in stored
        }
        chosen: dict[Place, NewValue] = {}
        for place, value in sorted(values.items(), key=lambda item: item[1].size, reverse=True):
            if excess <= 0 or value.size <= INLINE_PART:
                break
            chosen[place] = value
            excess -= value.size
        return chosen

    def _what(self, place: Place) -> str:
        which = place + 1 if isinstance(place, int) else repr(place)
        return f"argument {which} of {self._function.name.qualname.rpartition('.')[2]}"

    def _identity(self, args: Sequence[object], kwargs: Mapping[str, object]) -> str:
        reference = self._function.name if self._function.is_reference else None
        return call_hash(
            self._original,
            reference,
            [_unshared(argument) for argument in args],
            {name: _unshared(argument) for name, argument in kwargs.items()},
        )


def _places(args: Sequence[object], kwargs: Mapping[str, object]) -> Iterator[tuple[Place, object]]:
    yield from enumerate(args)
    yield from kwargs.items()


def _unshared(argument: object) -> object:
    return argument.argument if isinstance(argument, _SharedArgument) else argument


def _modules(names: Collection[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise InvalidArgument(f"by_value is a list of names of modules, not one text: {names!r}; write [{names!r}]")
    unknown = [name for name in names if not _exists(name)]
    if unknown:
        raise InvalidArgument(f"by_value names modules that are not found here: {', '.join(map(repr, unknown))}")
    return frozenset(names)


def _exists(module: str) -> bool:
    try:
        return module in sys.modules or find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _made_by_hand(module: str) -> frozenset[str]:
    """Give the module if it is loaded, but can be imported by nobody else: it goes by value with what is in it."""
    loaded = sys.modules.get(module)
    return frozenset({module}) if loaded is not None and loaded.__spec__ is None else frozenset()
