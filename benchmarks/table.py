"""The table of a run: floor, ours, their ratio and what we aim at, in Markdown."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

from attrs import frozen

PACKAGES = ("rrq-core", "redis", "hiredis", "fakeredis", "cloudpickle")


@frozen(kw_only=True)
class Row:
    """One line. `floor` and `ratio` are empty where bare tools have no counterpart."""

    what: str
    floor: str = ""
    ours: str = ""
    ratio: str = ""
    aim: str = ""


def rate(per_second: float) -> str:
    """Show a number of tasks a second."""
    return f"{per_second:,.0f}/s"


def duration(seconds: float) -> str:
    """Show a number of seconds in the unit that suits it.

    >>> duration(0.00025), duration(0.0123), duration(2.5)
    ('250 µs', '12.3 ms', '2.50 s')
    """
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def times(ratio: float) -> str:
    """Show a ratio.

    >>> times(0.0254), times(97.94)
    ('0.025', '97.9')
    """
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.1f}"


def markdown(rows: Sequence[Row]) -> str:
    """Make a table of the rows."""
    lines = ["| what | floor | rrq-core | ratio | aim |", "|---|---:|---:|---:|---:|"]
    cells = ((row.what, row.floor, row.ours, row.ratio, row.aim) for row in rows)
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells)])


def circumstances(server: str) -> str:
    """Say on what it was measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{server}, Python {platform.python_version()}, {packages}; {platform.machine()}, {os.cpu_count()} cores."
