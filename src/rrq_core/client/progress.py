"""Progress on standard error, for waits that take a while: a bar in terminals, one line of text in notebooks.

rich is loaded when a bar is shown, and not before.
"""

import math
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from rrq_core.client import environment
from rrq_core.errors import InvalidArgument

if TYPE_CHECKING:
    from rich.progress import Progress

SHOW_AFTER = 0.5  # seconds, so that what is soon done shows nothing

_NEVER = math.inf
_BETWEEN_LINES = 0.2  # seconds: each change of a line is a message to the notebook


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


class _Display(Protocol):
    """Shows how many are done and how many of these failed, until it is stopped."""

    def update(self, done: int, failed: int) -> None: ...
    def stop(self) -> None: ...


class ProgressBar:
    """Shows how many of some things are done: at once if it was asked for, else if it is seen and takes a while."""

    def __init__(self, total: int, what: str, progress: bool | None) -> None:
        self._wanted = is_wanted(progress)
        self._total = total
        self._what = what
        self._done = self._failed = 0
        self._show_at = _NEVER if self._wanted is False else time.monotonic() + (0.0 if self._wanted else SHOW_AFTER)
        self._bar: _Display | None = None

    def __enter__(self) -> "ProgressBar":
        self.advance()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, done: int = 0, failed: int = 0) -> None:
        """Say that so many more are done, and how many of these failed."""
        self._done += done
        self._failed += failed
        if self._bar is None and time.monotonic() >= self._show_at:
            self._show_at = _NEVER
            self._bar = self._show() if self._wanted or _somebody_may_watch() else None
        if self._bar is not None:
            self._bar.update(self._done, self._failed)

    def _show(self) -> _Display:
        if _is_notebook():
            return _OneLine(self._total, self._what)
        return _Bar(self._total, self._what)


def _failures(failed: int) -> str:
    return f", {failed} failed" if failed else ""


class _OneLine:
    """One line of text that is written over again and again: notebooks have no terminal for a bar."""

    def __init__(self, total: int, what: str) -> None:
        self._total = total
        self._what = what
        self._began = time.monotonic()
        self._next = 0.0
        self._text = ""

    def update(self, done: int, failed: int) -> None:
        seconds = time.monotonic() - self._began
        self._text = f"{self._what}: {done}/{self._total}{_failures(failed)}, {seconds:.0f} s"
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _BETWEEN_LINES
            self._write("")

    def stop(self) -> None:
        self._write("\n")

    def _write(self, end: str) -> None:
        sys.stderr.write(f"\r{self._text}{end}")
        sys.stderr.flush()


class _Bar:
    """A bar of rich."""

    def __init__(self, total: int, what: str) -> None:
        self._bar = _new_bar(is_transient=total == 1)
        self._bar.start()
        self._line = self._bar.add_task(what, total=total, failures="")

    def update(self, done: int, failed: int) -> None:
        self._bar.update(self._line, completed=done, failures=_failures(failed))

    def stop(self) -> None:
        self._bar.stop()


def _new_bar(*, is_transient: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failures]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=is_transient,
    )
