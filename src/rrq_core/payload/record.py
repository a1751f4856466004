"""Records: payloads of JSON, where no object of a user is inside, or where it lies in buffers beside it."""

import json
from typing import TypeVar

from rrq_core.errors import NotSendable, PayloadRefused
from rrq_core.model.value import Buffer
from rrq_core.payload.context import Context
from rrq_core.payload.envelope import JSON, Envelope, read_envelope, write_envelope

_T = TypeVar("_T")

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def encode_json(record: object, context: Context) -> bytes:
    """Write a record of plain data as JSON.

    Raises:
        NotSendable: If it holds anything else.
    """
    return write_envelope(JSON, json_bytes(record, context), (), context)


def decode_json(data: Buffer, context: Context) -> object:
    """Read a record of plain data.

    Raises:
        PayloadRefused: If it is damaged, or of another kind.
    """
    return record_of(read_envelope(data, context), context)


def json_bytes(record: object, subject: object) -> bytes:
    """Give the JSON of a record.

    Raises:
        NotSendable: If it holds anything but plain data.
    """
    try:
        return _ENCODER.encode(record).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotSendable(f"{subject} cannot be sent: it is JSON, which holds plain data only ({error})") from error


def record_of(envelope: Envelope, subject: object) -> object:
    """Read the record of an envelope.

    Raises:
        PayloadRefused: If it has none.
    """
    return read_json(json_of(envelope, subject), subject)


def json_of(envelope: Envelope, subject: object) -> bytes:
    """Give the JSON of an envelope.

    Raises:
        PayloadRefused: If it has none.
    """
    if envelope.codec != JSON:
        raise PayloadRefused(f"{subject} is no record: it holds an object")
    return bytes(envelope.content)


def read_json(text: bytes, subject: object) -> object:
    """Read JSON.

    Raises:
        PayloadRefused: If it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PayloadRefused(f"{subject} is damaged: its JSON cannot be read ({error})") from error


def field_of(record: object, name: str, kind: type[_T], subject: object) -> _T:
    """Give a field of a record.

    Raises:
        PayloadRefused: If the record is no object, or the field is absent or of another type.
    """
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, kind):
        raise PayloadRefused(f"{subject} is damaged, or of another kind: {name!r} is no {kind.__name__} in its record")
    return value
