"""The body of a task to the call that a worker runs."""

from collections.abc import Callable, Mapping
from functools import partial

from attrs import evolve, field, frozen

from rrq_core.errors import ObjectMissing, PayloadRefused
from rrq_core.model.ids import Hash, TaskId
from rrq_core.model.value import Buffer
from rrq_core.payload.argument import unpickled_argument
from rrq_core.payload.call_header import CallHeader, Place, Span, call_header
from rrq_core.payload.context import Context, value_context
from rrq_core.payload.envelope import Envelope, read_envelope
from rrq_core.payload.expression import Expression, evaluator
from rrq_core.payload.function import NO_NAMES, find_by_name, find_function
from rrq_core.payload.pickling import unpickled
from rrq_core.payload.run_options import RunOptions
from rrq_core.payload.signing import Keyring, keyring
from rrq_core.payload.value import Unpickles, decode_value, loaded


@frozen(kw_only=True)
class Call:
    """What a worker runs.

    `name` is what it is to people: "area", or "the expression". `module` is the one in which the function is found by
    its name; None where it was sent whole, or is an expression.
    """

    name: str
    function: Callable[..., object]
    module: str | None = None
    args: tuple[object, ...] = field(repr=False)
    kwargs: Mapping[str, object] = field(repr=False)


def describe_call(body: Buffer, context: Context) -> str:
    """Give the name of the function that a body calls: "module.qualname". Nothing is unpickled.

    Raises:
        PayloadRefused: If the body is damaged.
    """
    _, header = _read(bytes(body), context)
    return str(header.function)


def version_in(body: Buffer, context: Context) -> str | None:
    """Give the version of the function that a body calls, None if it does not say. Nothing is unpickled.

    Raises:
        PayloadRefused: If the body is damaged.
    """
    _, header = _read(bytes(body), context)
    return header.version


def stored_values_of(body: Buffer, context: Context) -> tuple[Hash, ...]:
    """Give the hashes of the stored values that a body names, each once. Nothing is unpickled.

    Raises:
        PayloadRefused: If the body is damaged.
    """
    _, header = _read(bytes(body), context)
    return header.hashes


def read_run_options(body: Buffer, context: Context) -> RunOptions:
    """Tell how a task is to be run. Nothing is unpickled.

    Raises:
        PayloadRefused: If the body is damaged.
    """
    _, header = _read(bytes(body), context)
    return header.run


def read_retry_on(body: Buffer, context: Context) -> tuple[type[BaseException], ...]:
    """Tell which kinds of errors are retried.

    Raises:
        PayloadRefused: If the body is damaged, or one of the kinds cannot be unpickled here.
    """
    envelope, header = _read(bytes(body), context)
    if header.retry_on is None:
        return (Exception,)
    envelope.check_python(context)
    kinds = _pickled(envelope, header.retry_on, context, unpickled)
    if isinstance(kinds, tuple) and all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        return kinds
    raise PayloadRefused(f"{context} is damaged: the kinds of errors that are retried are {kinds!r:.200}")


def decode_call(
    body: Buffer,
    context: Context,
    values: Mapping[Hash, Buffer],
    results: Mapping[TaskId, object] | None = None,
    names: Mapping[str, object] = NO_NAMES,
) -> Call:
    """Make the call that a body describes.

    Args:
        body: The body.
        context: What it is to be bound to.
        values: The stored values that it names, by hash; see `stored_values_of`.
        results: What the handles among the arguments stood for, by the id of the task.
        names: The environment: what expressions see, and where a function is looked for that cannot be imported here.
    Raises:
        PayloadRefused: If it is damaged, or the function cannot be found or something cannot be unpickled here; the
            error says what is missing, where it was looked for, and what to do.
        ObjectMissing: If `values` has not all that the body names.
    """
    envelope, header = _read(bytes(body), context)
    args, kwargs = _decode_arguments(envelope, header, context, values, results)
    if header.expression is None:
        name, function = header.function.qualname, _function(envelope, header, context, values, names)
    else:
        name, function = "the expression", _evaluator(envelope, header, context, values, names)
    is_whole = header.expression is not None or header.hash is not None or header.inline is not None
    module = None if is_whole else header.function.module
    return Call(name=name, function=function, module=module, args=args, kwargs=kwargs)


def decode_arguments(
    body: Buffer, context: Context, values: Mapping[Hash, Buffer], results: Mapping[TaskId, object] | None = None
) -> tuple[tuple[object, ...], Mapping[str, object]]:
    """Make the arguments of the call that a body describes, positional ones and those by keyword; see `decode_call`.

    Raises:
        PayloadRefused: If it is damaged, or something cannot be unpickled here.
        ObjectMissing: If `values` has not all that the body names.
    """
    envelope, header = _read(bytes(body), context)
    return _decode_arguments(envelope, header, context, values, results)


def _decode_arguments(
    envelope: Envelope,
    header: CallHeader,
    context: Context,
    values: Mapping[Hash, Buffer],
    results: Mapping[TaskId, object] | None,
) -> tuple[tuple[object, ...], Mapping[str, object]]:
    envelope.check_python(context)
    missing = [hash for hash in header.hashes if hash not in values]
    if missing:
        raise ObjectMissing(missing)
    unpickles = partial(unpickled_argument, results=results) if results else unpickled
    return _arguments(envelope, header, context, values, unpickles)


_last_read: "tuple[bytes, Context, Keyring | None, tuple[Envelope, CallHeader]] | None" = None


def _read(body: bytes, context: Context) -> tuple[Envelope, CallHeader]:
    """Read a body. A worker asks first for the values that it names, and then for its call: the last one is kept."""
    global _last_read
    last, keys = _last_read, keyring()
    if last is not None and last[0] is body and last[1] == context and last[2] is keys:
        return last[3]
    envelope = read_envelope(body, context)
    found = envelope, call_header(envelope, context)
    _last_read = body, context, keys, found
    return found


def _evaluator(
    envelope: Envelope,
    header: CallHeader,
    context: Context,
    values: Mapping[Hash, Buffer],
    names: Mapping[str, object],
) -> Callable[..., object]:
    """Make the function that evaluates an expression. A lambda is sent as a function by value is."""
    named = header.expression or Expression(text="")
    is_lambda = header.hash is not None or header.inline is not None
    expression = evolve(named, function=_function(envelope, header, context, values, names) if is_lambda else None)
    references = {name: find_by_name(reference, context, names) for name, reference in expression.references.items()}
    return evaluator(expression, references, names)


def _function(
    envelope: Envelope,
    header: CallHeader,
    context: Context,
    values: Mapping[Hash, Buffer],
    names: Mapping[str, object],
) -> Callable[..., object]:
    if header.hash is not None:
        found = _stored(values[header.hash], context, unpickled)
    elif header.inline is not None:
        found = _pickled(envelope, header.inline, context, unpickled)
    else:
        return find_function(header.function, context, names)
    if not callable(found):
        raise PayloadRefused(f"{context} calls {header.function}, which is no function, but a {type(found).__name__}")
    return found


def _arguments(
    envelope: Envelope, header: CallHeader, context: Context, values: Mapping[Hash, Buffer], unpickles: Unpickles
) -> tuple[tuple[object, ...], Mapping[str, object]]:
    pair = _pickled(envelope, header.arguments, context, unpickles)
    if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], tuple) and isinstance(pair[1], dict)):
        raise PayloadRefused(f"{context} is damaged: its arguments are no tuple and dict")
    if not header.stored:
        return pair
    stored, taken = {}, set[Hash]()
    for place, hash in header.stored:
        stored[place] = _stored(shared(values[hash], hash, taken), context, unpickles)
    return _filled(pair[0], pair[1], stored, context)


def _filled(
    args: tuple[object, ...], kwargs: Mapping[str, object], stored: Mapping[Place, object], context: Context
) -> tuple[tuple[object, ...], Mapping[str, object]]:
    """Put the stored arguments in the places that were left for them."""
    if not stored.keys() <= {*range(len(args)), *kwargs}:
        raise PayloadRefused(f"{context} is damaged: it stores arguments that the call does not have: {[*stored]}")
    return (
        tuple(stored.get(place, part) for place, part in enumerate(args)),
        {name: stored.get(name, part) for name, part in kwargs.items()},
    )


def shared(data: Buffer, hash: Hash, taken: set[Hash]) -> Buffer:
    """Give the bytes of a value, read-only if they were given before: no two objects share memory.

    Args:
        data: The bytes.
        hash: The value's hash.
        taken: The hashes of those that were given; this one is added.
    """
    if hash in taken:
        return memoryview(data).toreadonly()
    taken.add(hash)
    return data


def _stored(data: Buffer, context: Context, unpickles: Unpickles) -> object:
    return decode_value(data, value_context(context.queue_id), unpickles)


def _pickled(envelope: Envelope, span: Span, context: Context, unpickles: Unpickles) -> object:
    if span.first + span.n > len(envelope.buffers):
        raise PayloadRefused(f"{context} is damaged: it has {len(envelope.buffers)} buffers, and names {span}")
    data, *buffers = envelope.buffers[span.first : span.first + span.n]
    return loaded(data, buffers, context, unpickles)
