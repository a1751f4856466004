"""The frames of answers to messages: plain data as JSON, what EVAL gives as an object."""

import math
from collections.abc import Mapping

from attrs import asdict, frozen

from rrq_core.errors import MessageError, PayloadRefused
from rrq_core.model.value import Buffer
from rrq_core.model.worker import WorkerInfo
from rrq_core.payload.context import Context
from rrq_core.payload.envelope import JSON, read_envelope
from rrq_core.payload.record import encode_json, record_of
from rrq_core.payload.value import decode_value, encode_value


@frozen(kw_only=True)
class Evaluated:
    """What an expression gave: any object."""

    value: object


@frozen(kw_only=True)
class IdleLimit:
    """How long a worker may be idle, and for how much longer, in seconds; infinity: no limit."""

    timeout_idle: float
    remaining: float


Answer = str | WorkerInfo | IdleLimit | Evaluated | MessageError


def encode_answer(answer: Answer, context: Context) -> bytes:
    """Make the frame of an answer.

    Raises:
        NotSendable: If it is an object that cannot be pickled.
    """
    match answer:
        case Evaluated(value=value):
            return bytes(encode_value(value, context, what="the value of the expression").data or b"")
        case WorkerInfo():
            return encode_json({"info": asdict(answer)}, context)
        case IdleLimit():
            return encode_json({"limit": {name: _finite(value) for name, value in asdict(answer).items()}}, context)
        case MessageError():
            return encode_json({"error": str(answer)}, context)
        case _:
            return encode_json({"value": answer}, context)


def decode_answer(frame: Buffer, context: Context) -> object:
    """Read the frame of an answer.

    Returns:
        The value; a `MessageError` from a worker that could not do it, or whose answer cannot be read here.
    """
    try:
        envelope = read_envelope(frame, context)
        return _plain(record_of(envelope, context)) if envelope.codec == JSON else decode_value(frame, context)
    except (PayloadRefused, KeyError, TypeError) as error:  # the last two: a version with other records wrote it
        return MessageError(f"an answer that cannot be read: {error}")


def _plain(record: object) -> object:
    match record:
        case {"value": value}:
            return value
        case {"error": str(text)}:
            return MessageError(text)
        case {"info": dict(info)}:
            return WorkerInfo(**{**info, "queues": tuple(info["queues"])})
        case {"limit": dict(limit)}:
            return _infinite(limit)
    return MessageError(f"an answer that cannot be read: {record!r:.200}")


def _finite(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds


def _infinite(limit: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.inf if seconds is None else seconds for name, seconds in limit.items()}
