"""Tracebacks: as text that has a bound, and in a form that travels with a pickled exception."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType

from tblib import Traceback  # type: ignore[import-untyped]  # it has no types

from rrq_core.payload.source_lines import Lines, line_at, show_lines

_LONGEST_TRACE = 64 * 1024
_MOST_FRAMES = 1000
_FIRST_FRAMES = 20
_LAST_FRAMES = 80
_MACHINERY = ("rrq_core.", "asyncio.")


def users_part(trace: TracebackType | None) -> TracebackType | None:
    """Leave out the frames at the top that are of the queue's own code; all of them stay if there is nothing else."""
    inner = trace
    while inner is not None and str(inner.tb_frame.f_globals.get("__name__", "")).startswith(_MACHINERY):
        inner = inner.tb_next
    return trace if inner is None else inner


def trace_text(error: BaseException) -> str:
    """Format an exception as Python does: with notes, causes, and groups; of a long text the middle is left out."""
    trace = users_part(error.__traceback__)
    try:
        formatted = traceback.TracebackException(type(error), error, trace, limit=-_MOST_FRAMES, compact=True)
        return shortened("".join(formatted.format()), _LONGEST_TRACE)
    except Exception as failure:  # exceptions can have attributes that no formatter is ready for
        return f"{type(error).__qualname__} (its traceback cannot be shown: {type(failure).__name__})\n"


def shortened(text: str, longest: int) -> str:
    """Leave out the middle of a text that is too long; the end says more than the beginning, so it gets more.

    >>> shortened("a" * 5 + "b" * 15, 10)
    'aaa … 10 characters left out … bbbbbbb'
    """
    if len(text) <= longest:
        return text
    first = longest // 3
    last = longest - first
    return f"{text[:first]} … {len(text) - longest} characters left out … {text[-last:]}"


Revived = tuple[Callable[..., TracebackType | None], tuple[Traceback, tuple[Lines, ...]]]


def reduce_traceback(trace: TracebackType) -> Revived:
    """Reduce a traceback for pickle: file, function and line of its frames, of a long one the first and last.

    The source lines go along, as the reader may not have the files.
    """
    nodes = []
    node: Traceback | None = Traceback(users_part(trace))
    while node is not None:
        nodes.append(node)
        node = node.tb_next
    if len(nodes) > _FIRST_FRAMES + _LAST_FRAMES:
        nodes[_FIRST_FRAMES - 1].tb_next = nodes[-_LAST_FRAMES]
    lines = {(node.tb_frame.f_code.co_filename, node.tb_lineno): None for node in _chain(nodes[0])}
    return revive_traceback, (nodes[0], tuple(line for place in lines if (line := line_at(*place))))


def revive_traceback(trace: Traceback, lines: Iterable[Lines]) -> TracebackType | None:
    """Make a traceback that has brought its source lines. Called by pickles."""
    for line in lines:
        show_lines(line)
    revived: TracebackType | None = trace.as_traceback()
    return revived


def _chain(node: Traceback | None) -> Iterator[Traceback]:
    while node is not None:
        yield node
        node = node.tb_next
