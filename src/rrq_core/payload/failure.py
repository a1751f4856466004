"""Failures: what is kept of the exception that ended a task."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from attrs import field, frozen
from tblib.pickling_support import pickle_exception  # type: ignore[import-untyped]  # it has no types

from rrq_core.errors import PayloadRefused
from rrq_core.model.value import Buffer, NewValue
from rrq_core.payload.bare_exception import is_made_of_its_args, reduce_bare
from rrq_core.payload.context import Context
from rrq_core.payload.envelope import JSON, read_envelope, write_value
from rrq_core.payload.pickling import WholePickler, pickled_whole, unpickled
from rrq_core.payload.record import field_of, json_bytes, record_of
from rrq_core.payload.trace import reduce_traceback, shortened, trace_text
from rrq_core.payload.value import write_pickle

_LONGEST_MESSAGE = 8 * 1024


@frozen(kw_only=True)
class Failure:
    """What is kept of an exception.

    Args:
        type_name: Its type, as a traceback shows it; empty where nothing was raised.
        message: Its text.
        trace: The formatted traceback, with notes, causes and the exceptions of a group; of a long one the middle is
            left out.
        warnings: The warnings before it, each as text.
        exception: The exception itself in an envelope, None where it cannot be pickled.
    """

    type_name: str
    message: str
    trace: str = field(repr=False)
    warnings: tuple[str, ...] = ()
    exception: bytes | None = field(default=None, repr=False)

    @property
    def summary(self) -> str:
        """The type and the text, as the last line of a traceback has them."""
        return ": ".join(part for part in (self.type_name, self.message) if part)

    def cause(self) -> BaseException | None:
        """Give the original exception with its traceback, None where it cannot be unpickled here."""
        return None if self.exception is None else _revived(self.exception)


def capture_failure(error: BaseException, warnings: Sequence[str]) -> Failure:
    """Keep of an exception what can be kept. Never fails itself, whatever the exception is like.

    Args:
        error: The exception, with its traceback.
        warnings: The warnings before it, each as text.
    """
    return Failure(
        type_name=_type_name(type(error)),
        message=shortened(_message(error), _LONGEST_MESSAGE),
        trace=trace_text(error),
        warnings=tuple(warnings),
        exception=_preserved(error),
    )


def encode_failure(failure: Failure, context: Context) -> NewValue:
    """Make a stored value of a failure. All but the exception itself is text, and can be read without unpickling."""
    record = {
        "type": failure.type_name,
        "message": failure.message,
        "trace": failure.trace,
        "warnings": failure.warnings,
    }
    buffers = () if failure.exception is None else (failure.exception,)
    return write_value(JSON, json_bytes(record, context), buffers, context)


def decode_failure(data: Buffer, context: Context) -> Failure:
    """Read a failure. Nothing is unpickled; `cause()` does that.

    Raises:
        PayloadRefused: If it is damaged, or of another kind.
    """
    envelope = read_envelope(data, context)
    record = record_of(envelope, context)
    if len(envelope.buffers) > 1:
        raise PayloadRefused(f"{context} is no failure: there are {len(envelope.buffers)} buffers in it")
    return Failure(
        type_name=field_of(record, "type", str, context),
        message=field_of(record, "message", str, context),
        trace=field_of(record, "trace", str, context),
        warnings=tuple(map(str, field_of(record, "warnings", list, context))),
        exception=bytes(envelope.buffers[0]) if envelope.buffers else None,
    )


class _ExceptionPickler(WholePickler):
    """Pickles exceptions with their causes, notes and tracebacks, which plain pickle leaves out."""

    def reducer_override(self, value: object) -> Any:  # as in the class above
        if isinstance(value, BaseException):
            return pickle_exception(value, builtin_reducers=()) if is_made_of_its_args(value) else reduce_bare(value)
        if isinstance(value, TracebackType):
            return reduce_traceback(value)
        return super().reducer_override(value)


def _preserved(error: BaseException) -> bytes | None:
    """Put an exception into an envelope, if it comes out of it again: some can be pickled, but not unpickled.

    The envelope has no context of its own: it lies in that of the failure.
    """
    try:
        envelope = write_pickle(pickled_whole(error, (), _ExceptionPickler))
    except Exception:
        return None
    return None if _revived(envelope) is None else envelope


def _revived(data: bytes) -> BaseException | None:
    subject = "the exception of a failure"
    try:
        envelope = read_envelope(data, subject)
        envelope.check_python(subject)
        error = unpickled(envelope.content, envelope.buffers)
    except Exception:
        return None
    return error if isinstance(error, BaseException) else None


def _type_name(kind: type[BaseException]) -> str:
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    return module + kind.__qualname__


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be made: str() of it fails)"
