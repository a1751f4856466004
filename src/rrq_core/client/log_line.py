"""A line that somebody adds to a worker's log."""

from collections.abc import Sequence

from rrq_core.errors import InvalidArgument
from rrq_core.model.worker import NewLogEntry
from rrq_core.worker.line import one_line


def log_line(label: object, value: object) -> NewLogEntry:
    """Make a line of a worker's log.

    Args:
        label: What it is about, one word.
        value: What there is to say, as one text or several; None: nothing.
    Raises:
        InvalidArgument: If one of them cannot be.
    """
    if not isinstance(label, str) or not label.isprintable() or len(label.split()) != 1:
        raise InvalidArgument(f"label is one word, such as CHECKED, not {label!r}")
    return NewLogEntry(command=label, message=one_line(" ".join(_texts(value))))


def _texts(value: object) -> Sequence[str]:
    if value is None or isinstance(value, str):
        return () if value is None else (value,)
    texts = tuple(value) if isinstance(value, Sequence) else (None,)
    if not all(isinstance(text, str) for text in texts):
        raise InvalidArgument(f"value is a text, several texts, or None, not {value!r:.200}")
    return texts
