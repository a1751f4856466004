"""The frames of messages: commands with their arguments."""

import math
from textwrap import dedent

from rrq_core.errors import InvalidArgument
from rrq_core.model.command import Command, checked_command
from rrq_core.model.ids import QueueId
from rrq_core.payload import Context, PayloadKind, encode_json
from rrq_core.payload.answer import decode_answer


def encoded_command(queue_id: QueueId, command: str, args: object) -> bytes:
    """Make the frame of a message.

    Raises:
        InvalidArgument: If there is no such command, or it takes other arguments.
    """
    known = checked_command(command, args)
    if known is Command.EVAL:
        _check_source(args)
    return encode_json({"command": known.value, "args": None if args == math.inf else args}, _context(queue_id))


def decoded_answer(queue_id: QueueId, frame: bytes) -> object:
    """Read the frame of an answer: the value, or the error of a worker that could not do it."""
    return decode_answer(frame, _context(queue_id))


def _check_source(text: object) -> None:
    try:
        compile(dedent(str(text)), "<EVAL>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise InvalidArgument(f"EVAL takes Python source text, and this is none ({error}): {text!r:.60}") from error


def _context(queue_id: QueueId) -> Context:
    return Context(kind=PayloadKind.MESSAGE, queue_id=queue_id)
