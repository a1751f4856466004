"""Calls to the bodies of tasks. A function is prepared once for many calls."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from attrs import frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import TaskId
from rrq_core.model.reference import TaskReference
from rrq_core.model.value import Buffer, NewValue
from rrq_core.payload.argument import pickled_argument
from rrq_core.payload.call_header import CallHeader, Place, Span
from rrq_core.payload.comparable import comparably_pickled
from rrq_core.payload.context import Context, PayloadKind, value_context
from rrq_core.payload.encoded_call import EncodedCall
from rrq_core.payload.envelope import JSON, with_last_buffer, write_envelope
from rrq_core.payload.expression import Expression
from rrq_core.payload.function import FunctionName, is_found
from rrq_core.payload.function_version import version_of
from rrq_core.payload.group_identity import member_hash
from rrq_core.payload.identity import call_hash
from rrq_core.payload.modules_by_value import modules_by_value
from rrq_core.payload.pickling import Pickled, are_atoms, is_plain, plainly_pickled
from rrq_core.payload.run_options import DEFAULT_RUN, RunOptions
from rrq_core.payload.sent_function import INLINE_PART, sent_function
from rrq_core.payload.signing import keyring
from rrq_core.payload.value import encode_value, pickle_value, sendable

INLINE_BODY = 16 * 1024
ANY_EXCEPTION: tuple[type[BaseException], ...] = (Exception,)

Arguments = Sequence[object]
Keywords = Mapping[str, object]


@frozen
class _Kinds:
    """The kinds of errors that are retried, as they go into bodies; nothing if every Exception is."""

    buffers: tuple[bytes, ...] = ()
    has_code: bool = False


Handles = Collection[TaskReference[object]]


@frozen
class _StoredArgument:
    value: NewValue
    handles: Handles = ()


@frozen
class _SharedArgument:
    argument: object
    stored: _StoredArgument


class CallEncoder:
    """Makes the bodies of calls of one function.

    The function goes by reference where a worker can import it. A body holds function and arguments up to 16 KiB;
    beyond that, large arguments become stored values, and so does a function by value of more than 1 KiB always.

    Args:
        function: Any callable; coroutine functions too. Or an expression, whose variables are keyword arguments.
        queue_id: The queue that the tasks will be in.
        by_value: Names of modules that the workers do not have; what is in them is sent by value.
        run: How the tasks are to be run, as far as only workers need to know.
        retry_on: The kinds of errors that are retried, where `run` has a delay for that.
        says_version: Whether bodies tell the version of the function's code.
    Raises:
        InvalidArgument: If the function is no callable, or `by_value` names a module that does not exist.
        NotSendable: If the function, or one of the kinds, cannot be sent.
    """

    def __init__(
        self,
        function: Callable[..., object] | Expression,
        queue_id: str,
        *,
        by_value: Collection[str] = (),
        run: RunOptions = DEFAULT_RUN,
        retry_on: tuple[type[BaseException], ...] = ANY_EXCEPTION,
        says_version: bool = False,
    ) -> None:
        self._by_value = modules_by_value(by_value)
        self._queue_id = queue_id
        self._value_context = value_context(queue_id)
        self._run = run
        self._is_signing = keyring() is not None
        self._retry_on = self._kinds(retry_on)
        self._function = sent_function(function, self._by_value, self._value_context)
        self._function_values = () if self._function.value is None else (self._function.value,)
        self._before_arguments: tuple[Buffer, ...] = (*self._function.buffers, *self._retry_on.buffers)
        self.name = str(self._function.name)
        called = self._function.function
        self.version = version_of(called) if says_version and called is not None else None
        self._without_arguments = self._body_without_arguments()

    @property
    def still_holds(self) -> bool:
        """Whether one that is made now would be the same: as long as a name finds this very function."""
        function = self._function.function
        return (
            function is not None
            and self._function.is_named
            and is_found(self._function.name, function)
            and self._is_signing == (keyring() is not None)
        )

    def share(self, argument: object, what: str, *, always: bool = False) -> object:
        """Prepare an argument of many calls, so that it is pickled once: pass what this returns in its place.

        Args:
            argument: The argument; changes to it after this are not sent.
            what: What it is to the caller, for the error: "argument 'table' of area".
            always: Whether a small one becomes a stored value, too.
        Raises:
            NotSendable: If it cannot be pickled.
        """
        stored = self._stored(argument, what)
        return _SharedArgument(argument, stored) if always or stored.value.size > INLINE_PART else argument

    def encode(self, task: TaskId, args: Arguments, kwargs: Keywords) -> EncodedCall:
        """Make the body of one call.

        Args:
            task: The task that it will be the body of.
            args: Positional arguments.
            kwargs: Keyword arguments.
        Raises:
            NotSendable: If an argument cannot be pickled; the error names it.
            InvalidArgument: If a handle among them is of a task of another queue.
        """
        if not self._is_signing and are_atoms(args) and are_atoms(kwargs.values()):
            arguments = plainly_pickled((tuple(args), dict(kwargs)))
            body = with_last_buffer(self._without_arguments, 1 + len(self._before_arguments), arguments)
            if len(body) <= INLINE_BODY:
                return self._call(body, self._function_values, (), args, kwargs)
        return self._encode_any(task, args, kwargs)

    def _encode_any(self, task: TaskId, args: Arguments, kwargs: Keywords) -> EncodedCall:
        context = Context(kind=PayloadKind.TASK, queue_id=self._queue_id, names=(task,))
        stored = {place: part.stored for place, part in _places(args, kwargs) if isinstance(part, _SharedArgument)}
        inline = self._pickled(args, kwargs, stored)
        excess = len(self._without_arguments) + inline.size - INLINE_BODY
        if excess > 0 and (large := self._large_arguments(args, kwargs, stored, excess)):
            stored |= large
            inline = self._pickled(args, kwargs, stored)
        body = self._body(inline, stored, context)
        return self._encoded(body, stored, inline.handles, args, kwargs)

    def _encoded(
        self, body: bytes, stored: Mapping[Place, _StoredArgument], handles: Handles, args: Arguments, kwargs: Keywords
    ) -> EncodedCall:
        values = {value.hash: value for value in (*(part.value for part in stored.values()), *self._function_values)}
        parents = self._tasks((handles, *(part.handles for part in stored.values())))
        return self._call(body, tuple(values.values()), parents, args, kwargs)

    def _call(
        self,
        body: bytes,
        values: tuple[NewValue, ...],
        parents: tuple[TaskId, ...],
        args: Arguments,
        kwargs: Keywords,
    ) -> EncodedCall:
        return EncodedCall(
            body=body,
            values=values,
            takes_result_of=parents,
            call=lambda: self._identity(args, kwargs),
            member=lambda: self._member(args, kwargs),
        )

    def _tasks(self, several: Iterable[Handles]) -> tuple[TaskId, ...]:
        """Give the ids of tasks of this queue, each once."""
        handles = dict.fromkeys(handle for some in several for handle in some)
        for handle in handles:
            if handle.queue_id != self._queue_id:
                raise InvalidArgument(
                    f"task {handle.id} of the queue {handle.queue_id!r} is among the arguments of {self.name}, "
                    f"which is for the queue {self._queue_id!r}: pass its result(), or use one queue for both"
                )
        return tuple(handle.id for handle in handles)

    def _body(self, arguments: Pickled, stored: Mapping[Place, _StoredArgument], context: Context) -> bytes:
        function, retry_on = self._function, self._retry_on
        header = CallHeader(
            function=function.name,
            expression=function.expression,
            inline=Span(0, len(function.buffers)) if function.buffers else None,
            hash=None if function.value is None else function.value.hash,
            version=self.version,
            arguments=Span(len(self._before_arguments), 1 + len(arguments.buffers)),
            stored=tuple((place, part.value.hash) for place, part in stored.items()),
            run=self._run,
            retry_on=Span(len(function.buffers), len(retry_on.buffers)) if retry_on.buffers else None,
        )
        buffers = (*self._before_arguments, arguments.data, *arguments.buffers)
        has_code = arguments.has_code or function.has_code or retry_on.has_code
        return write_envelope(JSON, header.to_json(context), buffers, context, has_code=has_code)

    def _body_without_arguments(self) -> bytes:
        context, reference = Context(kind=PayloadKind.TASK, queue_id=self._queue_id), self._function.reference
        is_plain = self._function.is_named and self._run == DEFAULT_RUN and self.version is None
        if reference is not None and is_plain:
            return _plain_body(reference, context)
        return self._body(Pickled(data=b""), {}, context)

    def _kinds(self, retry_on: tuple[type[BaseException], ...]) -> _Kinds:
        if self._run.retry_delay is None or retry_on == ANY_EXCEPTION:
            return _Kinds()
        kinds = sendable(retry_on, "the kinds of errors in retry_on", self._by_value)
        return _Kinds((kinds.data, *map(bytes, kinds.buffers)), kinds.has_code)

    def _pickled(self, args: Arguments, kwargs: Keywords, stored: Mapping[Place, _StoredArgument]) -> Pickled:
        pair = (
            tuple(None if place in stored else part for place, part in enumerate(args)),
            {name: None if name in stored else part for name, part in kwargs.items()},
        )
        try:
            return pickled_argument(pair, self._by_value)
        except MemoryError:
            raise
        except Exception:
            for place, part in _places(*pair):
                self._sendable(part, self._what(place))
            return self._sendable(pair, f"what {self.name} is called with")

    def _sendable(self, argument: object, what: str) -> Pickled:
        return sendable(argument, what, self._by_value, pickled_argument)

    def _large_arguments(
        self, args: Arguments, kwargs: Keywords, stored: Mapping[Place, _StoredArgument], excess: int
    ) -> dict[Place, _StoredArgument]:
        """Store as many arguments, the largest first, as bring a body down by `excess` bytes."""
        parts = {
            place: self._stored(part, self._what(place)) for place, part in _places(args, kwargs) if place not in stored
        }
        chosen: dict[Place, _StoredArgument] = {}
        for place, part in sorted(parts.items(), key=lambda item: item[1].value.size, reverse=True):
            if excess <= 0 or part.value.size <= INLINE_PART:
                break
            chosen[place] = part
            excess -= part.value.size
        return chosen

    def _stored(self, argument: object, what: str) -> _StoredArgument:
        if is_plain(argument) or type(argument) is bytes:
            return _StoredArgument(encode_value(argument, self._value_context))
        whole = self._sendable(argument, what)
        return _StoredArgument(pickle_value(whole, self._value_context), whole.handles)

    def _what(self, place: Place) -> str:
        which = place + 1 if isinstance(place, int) else repr(place)
        return f"argument {which} of {self._function.name.qualname.rpartition('.')[2]}"

    def _member(self, args: Arguments, kwargs: Keywords) -> str:
        function = self._function.function or str  # no expression is in a group
        return member_hash(function, args, kwargs, self._comparable)

    def _comparable(self, argument: object) -> Pickled:
        return sendable(argument, f"an argument of {self.name}", self._by_value, comparably_pickled)

    def _identity(self, args: Arguments, kwargs: Keywords) -> str:
        keywords = {name: _unshared(part) for name, part in kwargs.items()}
        if self._function.expression is not None:
            keywords |= {f"<{name}>": str(found) for name, found in self._function.expression.references.items()}
        return call_hash(self._function.function, self._function.reference, [*map(_unshared, args)], keywords)


@lru_cache(maxsize=256)
def _plain_body(function: FunctionName, subject: Context) -> bytes:
    """Write what all calls of a function have in common that goes by its name, with nothing said on how it is run."""
    return write_envelope(JSON, CallHeader(function=function, arguments=Span(0, 1)).to_json(subject), (b"",), None)


def _places(args: Arguments, kwargs: Keywords) -> Iterator[tuple[Place, object]]:
    yield from enumerate(args)
    yield from kwargs.items()


def _unshared(argument: object) -> object:
    return argument.argument if isinstance(argument, _SharedArgument) else argument
