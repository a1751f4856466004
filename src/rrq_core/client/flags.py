"""Switches that people give: their check."""

from rrq_core.errors import InvalidArgument


def checked_flag(value: object, what: str) -> bool:
    """Return a switch. Others than True and False are refused: "no" would count as yes.

    Raises:
        InvalidArgument: If it is neither.
    """
    if not isinstance(value, bool):
        raise InvalidArgument(f"{what} is True or False, not {value!r:.60}")
    return value
