"""The frames of messages: commands with their arguments."""

import math
import secrets
from collections.abc import Mapping
from textwrap import dedent

from attrs import frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.command import Command, checked_command
from rrq_core.model.ids import MessageId, QueueId, WorkerId
from rrq_core.payload import Context, PayloadKind, encode_json
from rrq_core.payload.answer import decode_answer


@frozen(kw_only=True)
class Order:
    """A command with its arguments, for workers of a queue."""

    queue_id: QueueId
    command: Command
    args: object

    @classmethod
    def checked(cls, queue_id: QueueId, command: str, args: object = None) -> "Order":
        """Check a command and its arguments.

        Raises:
            InvalidArgument: If there is no such command, or it takes other arguments.
        """
        known = checked_command(command, args)
        if known is Command.EVAL:
            _check_source(args)
        return cls(queue_id=queue_id, command=known, args=None if args == math.inf else args)

    def frame(self, instances: Mapping[WorkerId, str] | None) -> bytes:
        """Make the frame of a message.

        Args:
            instances: The workers for which alone, and once, a signed one holds, none that is started anew under the
                same id; None: it is not signed.
        """
        order: dict[str, object] = {"command": self.command.value, "args": self.args}
        if instances is not None:
            order |= {"to": dict(instances), "nonce": secrets.token_hex(16)}
        return encode_json(order, Context(kind=PayloadKind.MESSAGE, queue_id=self.queue_id))


def decoded_answer(queue_id: QueueId, worker: WorkerId, message: MessageId, frame: bytes) -> object:
    """Read the frame of an answer: the value, or the error of a worker that could not do it."""
    return decode_answer(frame, Context(kind=PayloadKind.MESSAGE, queue_id=queue_id, names=(worker, message)))


def _check_source(text: object) -> None:
    try:
        compile(dedent(str(text)), "<EVAL>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise InvalidArgument(f"EVAL takes Python source text, and this is none ({error}): {text!r:.60}") from error
