"""The frames of messages to a worker, as it reads them."""

from attrs import frozen

from rrq_core.errors import InvalidName, PayloadRefused
from rrq_core.model.ids import QueueId, checked_name
from rrq_core.model.value import Buffer
from rrq_core.payload import Context, PayloadKind, decode_json


@frozen(kw_only=True)
class Request:
    """What a message asks for.

    Args:
        command: A word in capitals.
        args: What belongs to it, as plain data; None: nothing.
        problem: Why the message cannot be read, if so.
    """

    command: str
    args: object = None
    problem: str | None = None


def read_request(frame: Buffer, queue_id: QueueId) -> Request:
    """Read the frame of a message. One that cannot be read has a request too, so that it can be answered."""
    try:
        match decode_json(frame, message_context(queue_id)):
            case {"command": command, **others}:
                return Request(command=checked_name(command, "command"), args=others.get("args"))
            case record:
                return _unreadable(f"a message has a command, this one has none: {record!r:.200}")
    except (PayloadRefused, InvalidName) as error:
        return _unreadable(f"a message that cannot be read: {error}")


def _unreadable(problem: str) -> Request:
    return Request(command="UNREADABLE", problem=problem)


def message_context(queue_id: QueueId) -> Context:
    """Give what binds messages and their answers to their queue."""
    return Context(kind=PayloadKind.MESSAGE, queue_id=queue_id)
