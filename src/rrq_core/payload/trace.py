"""Tracebacks: as text that has a bound, and in a form that travels with a pickled exception."""

import traceback
from collections.abc import Callable
from types import TracebackType

from tblib import Traceback  # type: ignore[import-untyped]  # it has no types

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


def reduce_traceback(trace: TracebackType) -> tuple[Callable[[Traceback], TracebackType | None], tuple[Traceback]]:
    """Reduce a traceback for pickle: file, function and line of its frames, of a long one the first and last."""
    nodes = []
    node: Traceback | None = Traceback(users_part(trace))
    while node is not None:
        nodes.append(node)
        node = node.tb_next
    if len(nodes) > _FIRST_FRAMES + _LAST_FRAMES:
        nodes[_FIRST_FRAMES - 1].tb_next = nodes[-_LAST_FRAMES]
    return Traceback.as_traceback, (nodes[0],)
