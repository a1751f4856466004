"""Stacks of running tasks: as they are seen here or in what `faulthandler` writes, as a line, as text for people."""

import json
import linecache
import os
import re
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType

from attrs import astuple, evolve, frozen

from rrq_core.model.worker import NewLogEntry
from rrq_core.worker.suspended import calls_of

STACK = "STACK"
"""The command of such a line."""

_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep
_RUN = os.path.join(os.path.dirname(__file__), "run.py")
_MACHINERY = (_OURS, os.path.join(os.path.dirname(os.__file__), "asyncio", ""))

_LONGEST = 100  # calls; as many as `faulthandler` writes

_PLACE = re.compile(r'  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)')
_HEAD = "Stack (most recent call first):"
_CUT = "  ..."
_ESCAPED = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


@frozen
class Place:
    """A line that is being executed. `source`: its text, empty where it could not be seen."""

    file: str
    line: int
    function: str
    source: str = ""


@frozen
class Stack:
    """What a thread is doing, the most recent call last. `is_cut`: there are further calls before the first."""

    places: tuple[Place, ...]
    is_cut: bool = False


def dumped_stacks(dump: str) -> Sequence[Stack]:
    """Find the stack of a task in what `faulthandler` has written of the thread that runs it; none if that runs none.

    Of many calls it writes the most recent, so that of a long stack it cannot be told whether it is a task's.
    """
    return [_task_part(_with_source(stack)) for stack in _dumped(dump) if _runs_task(stack) or stack.is_cut]


def stacks_here(frames: Mapping[int, FrameType]) -> Sequence[Stack]:
    """Give the stacks of the task that this process runs.

    Args:
        frames: What its threads are doing, as from `sys._current_frames`.
    Returns:
        That of the thread which runs the task, without the queue's own calls around it, and then those of other
        threads that are not the queue's. None if no task is run.
    """
    stacks = [_stack(frame) for frame in frames.values()]
    mine = [stack for stack in stacks if _runs_task(stack)]
    others = [stack for stack in stacks if not _runs_task(stack) and not _is_ours(stack)] if mine else []
    return [_with_source(_shortened(stack)) for stack in (*map(_task_part, mine), *others)]


def stack_entry(stacks: Sequence[Stack], child: int | None = None) -> NewLogEntry:
    """Make the line of a worker's log that holds stacks; `child`: the process whose they are, if not the worker's."""
    return NewLogEntry(command=STACK, message=written_stacks(stacks), child=child)


def written_stacks(stacks: Sequence[Stack]) -> str:
    """Write stacks as one line of ASCII, for `read_stacks`."""
    return json.dumps([astuple(stack) for stack in stacks])


def read_stacks(message: str) -> Sequence[Stack]:
    """Read what `written_stacks` has written.

    Raises:
        ValueError: If it is something else.
    """
    try:
        return [Stack(tuple(Place(*place) for place in places), is_cut) for places, is_cut in json.loads(message)]
    except TypeError as error:
        raise ValueError(f"these are no stacks: {message!r:.200}") from error


def stack_text(stacks: Sequence[Stack]) -> str:
    """Write stacks as Python writes tracebacks: the task's own, then those of other threads."""
    mine, *others = stacks
    parts = ["The task (most recent call last):\n", *_lines(mine)]
    for other in others:
        parts += ["Another thread (most recent call last):\n", *_lines(other)]
    return "".join(parts)


def _lines(stack: Stack) -> Iterator[str]:
    if stack.is_cut:
        yield "  ... earlier calls are left out ...\n"
    yield from traceback.format_list(
        [
            traceback.FrameSummary(place.file, place.line, place.function, line=place.source or None)
            for place in stack.places
        ]
    )


def _dumped(dump: str) -> Iterator[Stack]:
    """Read dumps, which have the most recent call first."""
    for text in dump.split(_HEAD)[1:]:
        lines = text.splitlines()
        found = [match for line in lines if (match := _PLACE.fullmatch(line)) is not None]
        places = (
            Place(_unescaped(match["file"]), int(match["line"]), _unescaped(match["function"])) for match in found
        )
        yield Stack(tuple(places)[::-1], is_cut=_CUT in lines)


def _stack(frame: FrameType) -> Stack:
    calls = [(call.f_code, line) for call, line in calls_of(frame)]
    return Stack(tuple(Place(code.co_filename, line, code.co_name) for code, line in calls))


def _shortened(stack: Stack) -> Stack:
    return Stack(stack.places[-_LONGEST:], stack.is_cut or len(stack.places) > _LONGEST)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[0][2:], 16)), text)


def _with_source(stack: Stack) -> Stack:
    return evolve(stack, places=tuple(evolve(place, source=_source(place)) for place in stack.places))


def _source(place: Place) -> str:
    linecache.checkcache(place.file)
    return linecache.getline(place.file, place.line).strip()


def _runs_task(stack: Stack) -> bool:
    return any(place.file == _RUN for place in stack.places)


def _is_ours(stack: Stack) -> bool:
    """Tell whether the queue has started a thread."""
    begun = next((place.file for place in stack.places if place.file != threading.__file__), "")
    return begun.startswith(_OURS)


def _task_part(stack: Stack) -> Stack:
    """Leave out the calls of ours that lead to the task's code, if it has come to that."""
    files = [place.file for place in stack.places]
    first = files.index(_RUN) if _RUN in files else 0
    inner = first
    while inner < len(files) and files[inner].startswith(_MACHINERY):
        inner += 1
    if inner == len(files):
        inner = first
    return Stack(stack.places[inner:], stack.is_cut and inner == 0)
