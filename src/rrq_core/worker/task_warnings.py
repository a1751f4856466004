"""Warnings find the task that raised them.

`warnings.catch_warnings` changes the state of the whole process and so mixes up the threads of `memory://`. Here one
hook for the process asks the context which task it runs in.
"""

import warnings
from typing import TextIO

from rrq_core.worker.current import current_task

MOST_WARNINGS = 100


class _NeverRaised(Warning):
    """The category of a filter that is there for its side effect only."""


class _Hook:
    """Stands in for `warnings.showwarning`: notes a warning for the task that it came from, and shows it as before."""

    def __init__(self) -> None:
        self._show_as_before = warnings.showwarning

    def install(self) -> None:
        if warnings.showwarning != self.show:  # never yet, or a `catch_warnings` around us has taken it away
            self._show_as_before = warnings.showwarning
            warnings.showwarning = self.show

    def show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        task = current_task()
        if task is not None and len(task.warnings) < MOST_WARNINGS:
            task.warnings.append(warnings.formatwarning(message, category, filename, lineno, line).rstrip())
        self._show_as_before(message, category, filename, lineno, file, line)


_hook = _Hook()


def watch_warnings() -> None:
    """See to it that the warnings of the task that begins now are noted, also those that an earlier one raised too.

    Python shows most warnings once for each place in the code, and forgets which it has shown when a filter is added.
    """
    _hook.install()
    warnings.simplefilter("ignore", _NeverRaised, append=True)
