"""What a payload belongs to: the queue, the kind, and the ids by which nobody can pass it off as another."""

import json
from enum import StrEnum
from functools import lru_cache

from attrs import frozen


class PayloadKind(StrEnum):
    """What a payload is: the body of a task, a stored value, a frame of a message, or an environment."""

    TASK = "task"
    VALUE = "value"
    MESSAGE = "message"
    ENVIR = "envir"


@frozen(kw_only=True, cache_hash=True)
class Context:
    """What a signature binds a payload to. Writer and reader know it each for themselves; as text, it is for errors.

    Args:
        kind: What the payload is.
        queue_id: The queue it belongs to.
        names: The task of a body; the worker and the message of an answer; of a value nothing, nor of a message, which
            says itself to whom it was sent.
    """

    kind: PayloadKind
    queue_id: str
    names: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Give the form that is signed: no two contexts have the same."""
        return json.dumps([self.kind, self.queue_id, *self.names], separators=(",", ":")).encode()

    def __str__(self) -> str:
        named = f" {', '.join(self.names)}" if self.names else ""
        return f"the {self.kind}{named} of queue {self.queue_id!r}"


@lru_cache(maxsize=8)
def value_context(queue_id: str) -> Context:
    """Give the context of the stored values of a queue."""
    return Context(kind=PayloadKind.VALUE, queue_id=queue_id)
