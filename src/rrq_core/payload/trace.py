"""Tracebacks: as text that has a bound, and in a form that travels with a pickled exception."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from tblib import Traceback  # type: ignore[import-untyped]  # it has no types

from rrq_core.payload.place_in_code import code_failing_at, columns_of
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
    """Reduce a traceback for pickle: file, function and place of its frames, of a long one the first and last.

    The source lines go along, as the reader may not have the files.
    """
    top = users_part(trace)
    whole = Traceback(top)
    frames = list(zip(_chain(whole), _chain(top), strict=True))
    if len(frames) > _FIRST_FRAMES + _LAST_FRAMES:
        frames = frames[:_FIRST_FRAMES] + frames[-_LAST_FRAMES:]
        frames[_FIRST_FRAMES - 1][0].tb_next = frames[_FIRST_FRAMES][0]
    for node, original in frames:
        node.tb_frame.f_code.co_firstlineno = original.tb_frame.f_code.co_firstlineno
        node.columns = columns_of(original)
    lines = {(node.tb_frame.f_code.co_filename, node.tb_lineno): None for node, _ in frames}
    return revive_traceback, (whole, tuple(line for place in lines if (line := line_at(*place))))


def revive_traceback(trace: Traceback, lines: Sequence[Lines]) -> TracebackType | None:
    """Make a traceback that has brought its source lines. Called by pickles."""
    for line in lines:
        show_lines(line)
    revived: TracebackType | None = None
    for node in reversed(list(_chain(trace))):
        revived = _revived(node, lines, revived)
    return revived


def _revived(node: Traceback, lines: Sequence[Lines], below: TracebackType | None) -> TracebackType | None:
    """Make one entry of a traceback; a frame can be had only by running code."""
    code, line = node.tb_frame.f_code, node.tb_lineno
    # A part of the line is marked only in the very line that was run: a file here may have another.
    columns = node.columns if line_at(code.co_filename, line) in lines else None
    failing = code_failing_at(code.co_filename, code.co_name, code.co_firstlineno, line, columns)
    try:
        exec(failing, dict(node.tb_frame.f_globals), {})
    except LookupError as error:
        own = error.__traceback__ and error.__traceback__.tb_next
        return own and TracebackType(below, own.tb_frame, own.tb_lasti, own.tb_lineno)
    return below


def _chain(top: Any) -> Iterator[Any]:
    """Give the entries of a traceback, of Python's or of that which is pickled."""
    while top is not None:
        yield top
        top = top.tb_next
