"""Objects to stored values and back."""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

from rrq_core.errors import PayloadRefused
from rrq_core.model.value import Buffer, NewValue
from rrq_core.payload.context import Context
from rrq_core.payload.envelope import JSON, PICKLE5, RAW, read_envelope, write_envelope, write_value
from rrq_core.payload.pickling import Pickled, is_plain, pickled, plainly_pickled, unpickled
from rrq_core.payload.refusal import why_unreadable
from rrq_core.payload.signing import Keyring, keyring
from rrq_core.payload.unsendable import not_sendable

Pickles = Callable[[object, Collection[str]], Pickled]
Unpickles = Callable[[Buffer, Sequence[Buffer]], object]


def encode_value(
    value: object, context: Context, *, what: str = "the value", by_value: Collection[str] = ()
) -> NewValue:
    """Make a stored value of an object.

    Args:
        value: Any object that pickle or cloudpickle can send.
        context: What a signature binds it to.
        what: What it is to the caller, for the error: "the result of area".
        by_value: Names of modules that the reader does not have; what it refers to in them is sent whole.
    Returns:
        Its bytes and their hash. That equal objects have equal hashes is usual, and never promised.
    Raises:
        NotSendable: If it cannot be pickled. The error names the part to blame, its type, and a remedy.
    """
    if value is None or value is True or value is False:
        return _constant(value, context, keyring())
    if type(value) is bytes:
        return write_value(RAW, value, (), context)
    if is_plain(value):
        return write_value(PICKLE5, plainly_pickled(value), (), context)
    return pickle_value(sendable(value, what, by_value), context)


@lru_cache(maxsize=16)
def _constant(value: bool | None, context: Context, keys: Keyring | None) -> NewValue:
    """Make a stored value of what many tasks give; it is another with another key."""
    return write_value(PICKLE5, plainly_pickled(value), (), context)


def sendable(value: object, what: str, by_value: Collection[str], pickles: Pickles = pickled) -> Pickled:
    """Pickle a value.

    Args:
        value: Any object that pickle or cloudpickle can send.
        what: What it is to the caller, for the error.
        by_value: Names of modules that the reader does not have.
        pickles: What pickles it, and parts of it to find which is to blame.
    Raises:
        NotSendable: If it cannot be pickled.
    """
    try:
        return pickles(value, by_value)
    except MemoryError:
        raise
    except Exception as error:
        raise not_sendable(value, error, what, lambda part: pickles(part, by_value)) from error


def pickle_value(value: Pickled, context: Context) -> NewValue:
    """Make a stored value of what was pickled."""
    return write_value(PICKLE5, value.data, value.buffers, context, has_code=value.has_code)


def write_pickle(value: Pickled) -> bytes:
    """Write what was pickled as an envelope that lies in another."""
    return write_envelope(PICKLE5, value.data, value.buffers, None, has_code=value.has_code)


def decode_value(data: Buffer, context: Context, unpickles: Unpickles = unpickled) -> object:
    """Make an object of a stored value. What lies in its buffers (arrays) is writable and the caller's own.

    Args:
        data: Its bytes.
        context: What it is to be bound to.
        unpickles: What makes an object of a pickle and the buffers beside it.
    Raises:
        PayloadRefused: If it is damaged, of another kind, or cannot be unpickled here; the error says what is missing,
            where it was looked for, and what to do.
    """
    envelope = read_envelope(data, context)
    if envelope.codec == RAW:
        return bytes(envelope.content)
    if envelope.codec == JSON:
        raise PayloadRefused(f"{context} is no object: it holds JSON")
    envelope.check_python(context)
    return loaded(envelope.content, envelope.buffers, context, unpickles)


def loaded(data: Buffer, buffers: Sequence[Buffer], subject: object, unpickles: Unpickles = unpickled) -> object:
    """Unpickle.

    Raises:
        PayloadRefused: If that raises anything.
    """
    try:
        return unpickles(data, buffers)
    except Exception as error:
        raise PayloadRefused(f"{subject} cannot be read here: {why_unreadable(error)}") from error
