"""The create function of an environment to bytes and back."""

from collections.abc import Callable, Collection

from rrq_core.errors import PayloadRefused
from rrq_core.model.ids import QueueId
from rrq_core.model.value import Buffer
from rrq_core.payload.context import Context, PayloadKind
from rrq_core.payload.function import name_of
from rrq_core.payload.sent_function import made_by_hand
from rrq_core.payload.value import decode_value, sendable, write_pickle

Create = Callable[[dict[str, object]], object]


def encode_create(create: Create, queue_id: QueueId, by_value: Collection[str] = ()) -> bytes:
    """Write a create function: by name where workers can import it, else by value.

    Args:
        create: The function.
        queue_id: The queue whose workers it is for.
        by_value: Names of modules that the workers do not have.
    Raises:
        NotSendable: If it can be sent neither way.
    """
    name = name_of(create)
    sent = sendable(create, f"the create function {name}", {*by_value, *made_by_hand(name.module)})
    return write_pickle(sent, _context(queue_id))


def decode_create(data: Buffer, queue_id: QueueId) -> Create:
    """Read a create function.

    Raises:
        PayloadRefused: If it is damaged, of another queue, or cannot be unpickled here; the error says what is missing,
            where it was looked for, and what to do.
    """
    context = _context(queue_id)
    create = decode_value(data, context)
    if not callable(create):
        raise PayloadRefused(f"{context} is no function, but a {type(create).__name__}")
    return create


def _context(queue_id: QueueId) -> Context:
    return Context(kind=PayloadKind.ENVIR, queue_id=queue_id)
