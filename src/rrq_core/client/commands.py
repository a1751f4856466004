"""The frames of messages: commands with their arguments, and what workers answer."""

from collections.abc import Callable, Mapping

from attrs import fields

from rrq_core.errors import InvalidArgument, MessageError
from rrq_core.model.ids import QueueId
from rrq_core.model.worker import WorkerInfo
from rrq_core.payload import Context, PayloadKind, decode_json, encode_json


def encoded_command(queue_id: QueueId, command: str, args: object) -> bytes:
    """Make the frame of a message.

    Raises:
        InvalidArgument: If there is no such command, or it takes other arguments.
    """
    check = _COMMANDS.get(command)
    if check is None:
        raise InvalidArgument(f"there is no command {command!r}; a worker has: {', '.join(_COMMANDS)}")
    check(command, args)
    return encode_json({"command": command, "args": args}, _context(queue_id))


def decoded_answer(queue_id: QueueId, frame: bytes) -> object:
    """Read the frame of an answer: the value, or the error of a worker that could not do it."""
    match decode_json(frame, _context(queue_id)):
        case {"value": value}:
            return _as_worker_info(value)
        case {"error": str(text)}:
            return MessageError(text)
        case record:
            return MessageError(f"an answer that cannot be read: {record!r:.200}")


def _as_worker_info(value: object) -> object:
    """Make a `WorkerInfo` of its record; leave all else as it is."""
    if not isinstance(value, dict) or value.keys() != {each.name for each in fields(WorkerInfo)}:
        return value
    return WorkerInfo(**{**value, "queues": tuple(value["queues"])})


def _context(queue_id: QueueId) -> Context:
    return Context(kind=PayloadKind.MESSAGE, queue_id=queue_id)


def _no_args(command: str, args: object) -> None:
    if args is not None:
        raise InvalidArgument(f"{command} takes no arguments, these were given: {args!r:.60}")


def _text_or_nothing(command: str, args: object) -> None:
    if args is not None and not isinstance(args, str):
        raise InvalidArgument(f"{command} takes a text for the worker's log, or nothing, not {args!r:.60}")


_COMMANDS: Mapping[str, Callable[[str, object], None]] = {
    "PING": _no_args,
    "STOP": _text_or_nothing,
    "INFO": _no_args,
}
