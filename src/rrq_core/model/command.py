"""What workers can be told by messages, and what belongs to each command."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from rrq_core.errors import InvalidArgument


class Command(StrEnum):
    """The commands of messages."""

    PING = "PING"
    ECHO = "ECHO"
    EVAL = "EVAL"
    STOP = "STOP"
    INFO = "INFO"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    REFRESH = "REFRESH"
    TIMEOUT_SET = "TIMEOUT_SET"
    TIMEOUT_GET = "TIMEOUT_GET"


def checked_command(command: object, args: object) -> Command:
    """Return a command, if there is one of this name and these are its arguments.

    Args:
        command: A word in capitals.
        args: What comes with it; None: nothing.
    Raises:
        InvalidArgument: If not.
    """
    if not isinstance(command, str) or command not in Command.__members__:
        raise InvalidArgument(f"there is no command {command!r:.60}; there are: {', '.join(Command)}")
    known = Command(command)
    _CHECKS.get(known, _nothing)(known, args)
    return known


def _nothing(command: Command, args: object) -> None:
    if args is not None:
        raise InvalidArgument(f"{command} takes no arguments; these were given: {args!r:.60}")


def _text(command: Command, args: object) -> None:
    if not isinstance(args, str):
        raise InvalidArgument(f"{command} takes a text, not {args!r:.60}")


def _text_or_nothing(command: Command, args: object) -> None:
    if args is not None and not isinstance(args, str):
        raise InvalidArgument(f"{command} takes a text for the worker's log, or nothing, not {args!r:.60}")


def _seconds_or_nothing(command: Command, args: object) -> None:
    if args is not None and (isinstance(args, bool) or not isinstance(args, int | float) or not args >= 0):
        raise InvalidArgument(f"{command} takes a number of seconds, 0 or more, or None for no limit, not {args!r:.60}")


_CHECKS: Mapping[Command, Callable[[Command, object], None]] = {
    Command.ECHO: _text,
    Command.EVAL: _text,
    Command.STOP: _text_or_nothing,
    Command.TIMEOUT_SET: _seconds_or_nothing,
}
