"""What the example prints: each coefficient with its interval, and how well the regression predicts."""

from collections.abc import Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from examples.bootstrap_diabetes.regression import Floats, Resampled

MEANING = {
    "bmi": "body mass index",
    "bp": "blood pressure",
    "s1": "total cholesterol",
    "s2": "LDL",
    "s3": "HDL",
    "s4": "cholesterol / HDL",
    "s5": "log triglycerides",
    "s6": "blood sugar",
}


def print_report(names: Sequence[str], fitted: Floats, batches: Sequence[Resampled]) -> None:
    """Print the coefficients of the fit to all patients with their 95 % intervals, and R² out of sample."""
    coefficients = np.concatenate([batch.coefficients for batch in batches])
    r_squared = np.concatenate([batch.r_squared for batch in batches])
    console = Console()
    console.print(coefficient_table(names, fitted, coefficients))
    low, middle, high = np.percentile(r_squared, [2.5, 50, 97.5])
    console.print(
        f"On patients it has not seen the regression explains {middle:.0%} of the variance ({low:.0%} to {high:.0%}), "
        f"in {len(r_squared):,} resamples."
    )


def coefficient_table(names: Sequence[str], fitted: Floats, coefficients: Floats) -> Table:
    """Make the table, the largest effect first; a star marks intervals that leave out zero."""
    lows, highs = np.percentile(coefficients, [2.5, 97.5], axis=0)
    table = Table(title="\nProgression of diabetes in a year, by one standard deviation of each", box=SIMPLE_HEAD)
    for heading in ("measurement", "effect", "95 % from", "to", ""):
        table.add_column(heading, justify="left" if heading == "measurement" else "right")
    for place in np.argsort(-np.abs(fitted)):
        row = (fitted[place], lows[place], highs[place])
        star = "*" if lows[place] > 0 or highs[place] < 0 else ""
        table.add_row(MEANING.get(names[place], names[place]), *(f"{number:+.1f}" for number in row), star)
    return table
