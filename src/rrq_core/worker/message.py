"""The frames of messages to a worker, as it reads them."""

from attrs import frozen

from rrq_core.errors import InvalidName, PayloadRefused
from rrq_core.model.ids import MessageId, QueueId, WorkerId, checked_name
from rrq_core.model.value import Buffer
from rrq_core.payload import Context, PayloadKind, decode_json
from rrq_core.payload.signing import keyring
from rrq_core.worker.setup import WorkerSetup


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


def read_request(frame: Buffer, worker: WorkerSetup) -> Request:
    """Read the frame of a message to a worker. One that cannot be read gives a request too, so that it is answered."""
    try:
        match decode_json(frame, Context(kind=PayloadKind.MESSAGE, queue_id=worker.queue_id)):
            case {"command": command, **others}:
                nonce = others.get("nonce")
                if keyring() is not None and (problem := _misdirected(others.get("to"), worker, nonce)):
                    return unreadable(problem)
                return Request(command=checked_name(command, "command"), args=others.get("args"), nonce=nonce)
            case record:
                return unreadable(f"a message has a command, this one has none: {record!r:.200}")
    except (PayloadRefused, InvalidName) as error:
        return unreadable(f"a message that cannot be read: {error}")


def _misdirected(to: object, worker: WorkerSetup, nonce: object) -> str | None:
    """Tell what is wrong with the address of a signed message, if anything is."""
    instances = to if isinstance(to, dict) else {}
    if worker.worker_id not in instances or not nonce:
        return f"a message that was not sent to {worker.worker_id!r}, but to {[*instances]!r:.200}"
    if instances[worker.worker_id] != worker.instance:
        return f"a message that was sent to an earlier worker of the id {worker.worker_id!r}, before this one was there"
    return None


def unreadable(problem: str) -> Request:
    """Make the request of a message that cannot be read, or must not be followed."""
    return Request(command="UNREADABLE", problem=problem)


def answer_context(queue_id: QueueId, worker: WorkerId, message: MessageId) -> Context:
    """Give what binds an answer to its worker and its message."""
    return Context(kind=PayloadKind.MESSAGE, queue_id=queue_id, names=(worker, message))
