"""The Ising model on a square lattice, by the Metropolis algorithm. The code that workers run; it knows of no queue."""

import math
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

Lattice = list[list[int]]


@frozen(kw_only=True)
class Measured:
    """What one temperature gave: the mean of the magnetisation's size, and how much it varies (the susceptibility)."""

    temperature: float
    magnetisation: float
    susceptibility: float


@frozen(kw_only=True)
class Summary:
    """All temperatures together: where the magnet varies most, and how far it is from the exact solution elsewhere."""

    measured: tuple[Measured, ...]
    exact: tuple[float, ...]
    critical: float
    deviation: float


def draw_seeds(n: int) -> list[int]:
    """Draw seeds. The first attempt fails, as a source of random numbers in the net would now and then."""
    if os.environ.get("RRQ_ATTEMPT") == "1":
        raise ConnectionError("the source of random numbers is busy")
    generator = random.Random(2269)
    return [generator.randrange(2**32) for _ in range(n)]


def simulate(place: int, temperature: float, size: int, sweeps: int, seeds: Sequence[int]) -> Measured:
    """Cool a magnet of size × size spins to a temperature, and measure it; its seed is the one at its place."""
    generator = random.Random(seeds[place])
    lattice = [[1] * size for _ in range(size)]
    chances = {energy: math.exp(-energy / temperature) for energy in (4, 8)}
    sizes = []
    for sweep in range(sweeps):
        flip_spins(lattice, chances, generator)
        if sweep >= sweeps // 4:  # before that it is still on its way
            sizes.append(abs(sum(map(sum, lattice))) / size**2)
        if sweep % 50 == 0:
            sys.audit("rrq.progress", sweep / sweeps)
    mean = sum(sizes) / len(sizes)
    variance = sum((value - mean) ** 2 for value in sizes) / len(sizes)
    return Measured(temperature=temperature, magnetisation=mean, susceptibility=variance * size**2 / temperature)


def flip_spins(lattice: Lattice, chances: dict[int, float], generator: random.Random) -> None:
    """Offer each spin to flip, once: it does if that costs no energy, else by chance."""
    size = len(lattice)
    for y, row in enumerate(lattice):
        above, below = lattice[y - 1], lattice[(y + 1) % size]
        for x, spin in enumerate(row):
            energy = 2 * spin * (above[x] + below[x] + row[x - 1] + row[(x + 1) % size])
            if energy <= 0 or generator.random() < chances[energy]:
                row[x] = -spin


def read_exact(path: str, temperatures: Sequence[float]) -> list[float]:
    """Read the exact critical temperature from a file; give the exact magnetisation below it, and none above."""
    critical = float(Path(path).read_text(encoding="utf-8"))
    return [onsager(temperature) if temperature < critical else 0.0 for temperature in temperatures]


def onsager(temperature: float) -> float:
    """Give the magnetisation of an endless lattice below its critical temperature, as Onsager and Yang solved it."""
    return float((1 - math.sinh(2 / temperature) ** -4) ** (1 / 8))


def summarise(measured: Sequence[Measured], exact: Sequence[float]) -> Summary:
    """Find the temperature at which the magnet varies most, and how far the cold half is from the exact solution."""
    peak = max(measured, key=lambda each: each.susceptibility)
    cold = [(each.magnetisation, value) for each, value in zip(measured, exact, strict=True) if value > 0.8]
    return Summary(
        measured=tuple(measured),
        exact=tuple(exact),
        critical=peak.temperature,
        deviation=max(abs(value - known) for value, known in cold),
    )
