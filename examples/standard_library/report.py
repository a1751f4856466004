"""What the example prints: tables of the measures, and how much the workers sped it up."""

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from examples.standard_library.measure import Measure

TEST_PACKAGES = {"test", "tests", "idle_test"}


@frozen(kw_only=True)
class Effort:
    """What the run took: seconds of work, summed over all tasks; seconds that passed; how many workers there were."""

    worked: float
    passed: float
    workers: int


def print_report(
    measures: Sequence[Measure], failures: Mapping[str, str], effort: Effort, console: Console | None = None
) -> None:
    """Print all of it.

    Args:
        measures: Of each module that could be measured.
        failures: What went wrong with the others, by module, in a line.
        effort: What the run took.
        console: Where to print; None is standard output.
    """
    out = console or Console()
    library = [measure for measure in measures if not is_test(measure)]
    tests = [measure for measure in measures if is_test(measure)]
    out.print(totals_table({"library": library, "its own tests": tests}))
    out.print(complexity_table(library))
    out.print(imports_table(library))
    out.print(failures_table(failures))
    out.print(effort_sentence(len(measures) + len(failures), effort))


def is_test(measure: Measure) -> bool:
    """Tell whether a module belongs to the library's own tests."""
    return not TEST_PACKAGES.isdisjoint(measure.module.split("."))


def totals_table(parts: Mapping[str, Sequence[Measure]]) -> Table:
    """Sum up each part of the library; `comments` is the share of comments and docstrings in all lines."""
    table = new_table("In all", "", "files", "lines", "functions", "classes", "complexity", "comments")
    for name, measures in parts.items():
        lines = sum(one.lines for one in measures)
        commented = sum(one.comment_lines + one.docstring_lines for one in measures)
        table.add_row(
            name,
            f"{len(measures):,}",
            f"{lines:,}",
            f"{sum(one.functions for one in measures):,}",
            f"{sum(one.classes for one in measures):,}",
            f"{sum(one.complexity for one in measures):,}",
            f"{commented / max(lines, 1):.0%}",
        )
    return table


def complexity_table(measures: Sequence[Measure], n: int = 12) -> Table:
    """List the modules with the most paths through them, and the worst function of each."""
    table = new_table("The most complex modules", "module", "complexity", "nesting", "worst function")
    for one in sorted(measures, key=lambda one: -one.complexity)[:n]:
        worst = f"{one.worst_complexity:>3} {one.worst_function.rpartition(':')[0]}"
        table.add_row(one.module, f"{one.complexity:,}", str(one.nesting), worst)
    return table


def imports_table(measures: Sequence[Measure], n: int = 8) -> Table:
    """List the modules that most others import."""
    counts = Counter(name for one in measures for name in one.imports)
    table = new_table("The most imported modules", "module", "imported by", "of all")
    for name, count in counts.most_common(n):
        table.add_row(name, f"{count:,}", f"{count / len(measures):.0%}")
    return table


def failures_table(failures: Mapping[str, str], n: int = 6) -> Table:
    """List what could not be measured, and why; the rest of the run did not mind."""
    table = new_table(f"Not measured: {len(failures)}", "module", "why")
    for module, why in list(failures.items())[:n]:
        table.add_row(module, escape(why))
    if len(failures) > n:
        table.add_row(f"… and {len(failures) - n} more", "")
    return table


def effort_sentence(files: int, effort: Effort) -> str:
    """Say how long it took and how much faster that is than one after the other."""
    return (
        f"\n{files:,} files in {effort.passed:.1f} s on {effort.workers} workers: {effort.worked:.1f} s of work, "
        f"a speed-up of {effort.worked / effort.passed:.2f}."
    )


def new_table(title: str, first: str, *others: str) -> Table:
    """Make a table whose first column is text and whose others are numbers, but for names and reasons."""
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True, max_width=26)
    for name in others:
        if name in ("worst function", "why"):
            table.add_column(name, no_wrap=True, max_width=50 if name == "why" else 30)
        else:
            table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    return table
