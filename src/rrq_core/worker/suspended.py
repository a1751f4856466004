"""Where coroutines wait: a thread whose event loop waits has only the loop's own calls on its stack."""

import os
import selectors
import sys
import traceback
from collections.abc import Iterator, Sequence
from types import CoroutineType, FrameType

Calls = Sequence[tuple[FrameType, int]]

_LOOPS = (os.path.join(os.path.dirname(os.__file__), "asyncio", ""), selectors.__file__)


def calls_of(frame: FrameType) -> Calls:
    """Give the calls of a thread, the most recent one last, each with its line.

    While the event loop of `asyncio.run` waits, its calls are left out, and those of the coroutine that it was given
    are there.
    """
    calls = list(traceback.walk_stack(frame))[::-1]
    runner = next((at for at, (call, _) in enumerate(calls) if _runs_loop(call)), None)
    if runner is None or not all(call.f_code.co_filename.startswith(_LOOPS) for call, _ in calls[runner:]):
        return calls
    task = calls[runner][0].f_locals.get("task")
    return [*calls[: runner + 1], *_awaited(task.get_coro())] if task is not None else calls


def _runs_loop(call: FrameType) -> bool:
    runners = sys.modules.get("asyncio.runners")  # most workers never import it
    return runners is not None and call.f_code is runners.Runner.run.__code__


def _awaited(awaitable: object) -> Iterator[tuple[FrameType, int]]:
    while isinstance(awaitable, CoroutineType) and awaitable.cr_frame is not None:
        yield awaitable.cr_frame, awaitable.cr_frame.f_lineno
        awaitable = awaitable.cr_await
