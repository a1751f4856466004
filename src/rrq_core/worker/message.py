"""The frames of messages to a worker, as it reads them."""

from attrs import frozen

from rrq_core.errors import InvalidName, PayloadRefused
from rrq_core.model.ids import MessageId, QueueId, WorkerId, checked_name
from rrq_core.model.value import Buffer
from rrq_core.payload import Context, PayloadKind, decode_json
from rrq_core.payload.signing import keyring


@frozen(kw_only=True)
class Request:
    """What a message asks for.

    Args:
        command: A word in capitals.
        args: What belongs to it, as plain data; None: nothing.
        nonce: What no other signed message has.
        problem: Why the message cannot be read, if so.
    """

    command: str
    args: object = None
    nonce: object = None
    problem: str | None = None


def read_request(frame: Buffer, queue_id: QueueId, worker: WorkerId) -> Request:
    """Read the frame of a message to a worker. One that cannot be read gives a request too, so that it is answered."""
    try:
        match decode_json(frame, Context(kind=PayloadKind.MESSAGE, queue_id=queue_id)):
            case {"command": command, **others}:
                to, nonce = others.get("to", ()), others.get("nonce")
                if keyring() is not None and not (isinstance(to, list) and worker in to and nonce):
                    return unreadable(f"a message that was not sent to {worker!r}, but to {to!r:.200}")
                return Request(command=checked_name(command, "command"), args=others.get("args"), nonce=nonce)
            case record:
                return unreadable(f"a message has a command, this one has none: {record!r:.200}")
    except (PayloadRefused, InvalidName) as error:
        return unreadable(f"a message that cannot be read: {error}")


def unreadable(problem: str) -> Request:
    """Make the request of a message that cannot be read, or must not be followed."""
    return Request(command="UNREADABLE", problem=problem)


def answer_context(queue_id: QueueId, worker: WorkerId, message: MessageId) -> Context:
    """Give what binds an answer to its worker and its message."""
    return Context(kind=PayloadKind.MESSAGE, queue_id=queue_id, names=(worker, message))
