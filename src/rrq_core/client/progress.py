"""A progress bar on standard error, for waits that take a while. rich is loaded when one is shown, and not before."""

import math
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rrq_core.client import environment
from rrq_core.errors import InvalidArgument

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SHOW_AFTER = 0.5  # seconds, so that what is soon done shows nothing

_NEVER = math.inf


def is_wanted(progress: bool | None) -> bool | None:
    """Tell whether a bar is wanted: True and False are what somebody asked for, None is for us to see.

    Raises:
        InvalidArgument: If it is none of these.
    """
    if progress is not None and not isinstance(progress, bool):
        raise InvalidArgument(f"progress is True, False, or None for a bar where somebody may watch, not {progress!r}")
    return environment.flag("RRQ_PROGRESS") if progress is None else progress


def _somebody_may_watch() -> bool:
    return sys.stderr is not None and (sys.stderr.isatty() or _is_notebook())


def _is_notebook() -> bool:
    shell = sys.modules.get("IPython")
    current = shell.get_ipython() if shell is not None else None
    return current is not None and getattr(current, "kernel", None) is not None


class ProgressBar:
    """Shows how many of some things are done: at once if it was asked for, else if it is seen and takes a while."""

    def __init__(self, total: int, what: str, progress: bool | None) -> None:
        self._wanted = is_wanted(progress)
        self._total = total
        self._what = what
        self._done = self._failed = 0
        self._show_at = _NEVER if self._wanted is False else time.monotonic() + (0.0 if self._wanted else SHOW_AFTER)
        self._bar: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> "ProgressBar":
        self.advance()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar[0].stop()

    def advance(self, done: int = 0, failed: int = 0) -> None:
        """Say that so many more are done, and how many of these failed."""
        self._done += done
        self._failed += failed
        if self._bar is None and time.monotonic() >= self._show_at:
            self._show_at = _NEVER
            self._bar = self._show() if self._wanted or _somebody_may_watch() else None
        if self._bar is not None:
            bar, line = self._bar
            failures = f", {self._failed} failed" if self._failed else ""
            bar.update(line, completed=self._done, failures=failures)

    def _show(self) -> "tuple[Progress, TaskID]":
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failures]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=self._total == 1,
        )
        bar.start()
        return bar, bar.add_task(self._what, total=self._total, failures="")
