"""What the example prints: how its tasks fared, and the magnet from cold to hot."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import rrq_core as rrq
from examples.ising.model import Summary

WIDTH = 30  # characters of the longest bar


def say_how_it_fared(name: str, task: rrq.Task[object]) -> None:
    """Print where a task stands, and how each attempt at it ended."""
    info = task.info()
    print(f"{name}: {info.status}" + (f", in the place of {len(info.moved.up)} before it" if info.moved.up else ""))
    for attempt in info.attempts:
        print(f"    attempt {attempt.number}: {attempt.status} {attempt.error or ''}".rstrip())


def print_report(summary: Summary) -> None:
    """Print the temperatures with what was measured, and what is exact."""
    table = Table(title="\nA magnet from cold to hot", box=SIMPLE_HEAD, title_justify="left")
    for heading in ("temperature", "magnetised", "exact", "varies by"):
        table.add_column(heading, justify="right")
    table.add_column("")
    most = max(each.susceptibility for each in summary.measured)
    for each, exact in zip(summary.measured, summary.exact, strict=True):
        bar = "█" * max(1, round(WIDTH * each.susceptibility / most))
        table.add_row(
            f"{each.temperature:.2f}", f"{each.magnetisation:.3f}", f"{exact:.3f}", f"{each.susceptibility:.2f}", bar
        )
    Console(width=100).print(table)
    print(
        f"It varies most at {summary.critical:.2f}; an endless magnet loses its direction at 2.269. Well below that, "
        f"the simulation is within {summary.deviation:.3f} of the exact solution."
    )
