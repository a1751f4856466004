"""The example's main job: one task a temperature, each in a process of its own, and a summary that needs them all."""

import argparse
import math
import tempfile
from itertools import count, repeat
from pathlib import Path

import rrq_core as rrq
from examples.ising.model import Measured, draw_seeds, read_exact, simulate, summarise
from examples.ising.report import print_report, say_how_it_fared
from examples.private_queue import private_queue

TEMPERATURES = (1.6, 1.8, 2.0, 2.1, 2.2, 2.3, 2.4, 2.6, 2.8, 3.2)
CRITICAL = 2 / math.log(1 + math.sqrt(2))
LIMIT = 60.0  # seconds that a simulation may take
SHORT = 1.0


def main() -> None:
    """Simulate the magnet and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=24, help="spins on a side of the lattice (default: %(default)s)")
    parser.add_argument("--sweeps", type=int, default=1500, help="sweeps over the lattice (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="how many processes (default: %(default)s)")
    asked = parser.parse_args()
    print(f"Simulating {len(TEMPERATURES)} temperatures on {asked.workers} workers.", flush=True)
    with private_queue("ising", asked.workers) as queue, tempfile.TemporaryDirectory(prefix="rrq-ising-") as directory:
        simulate_all(queue, asked.size, asked.sweeps, Path(directory) / "critical.txt")


def simulate_all(queue: rrq.Controller, size: int, sweeps: int, file: Path) -> None:
    """Submit everything at once, see what failed, mend it, and go on from there."""
    seeds = queue.options(
        separate_process=True, retries=3, retry_delay=rrq.exponential(0.1, 1.0), retry_on=(ConnectionError,)
    ).submit(draw_seeds, len(TEMPERATURES))
    runs = queue.options(separate_process=True, timeout_task_run=LIMIT).map(
        simulate, count(), TEMPERATURES, repeat(size), repeat(sweeps), repeat(seeds)
    )
    too_large = rrq.task_create_call(
        simulate, [0, 2.0, 2000, 1000, seeds], separate_process=True, timeout_task_run=SHORT
    )
    exact = queue.submit(read_exact, str(file), TEMPERATURES)
    summary = rrq.task_create_call(summarise, [runs, exact])
    watch(runs)
    rrq.task_wait([too_large, summary], progress=False)

    say_how_it_fared("\nSeeds, from a source that is busy at first", seeds)
    say_how_it_fared(f"A magnet too large for its limit of {SHORT:g} s", too_large)
    say_how_it_fared("The exact solution, from a file", exact)
    print(f"The summary: {rrq.task_result(summary)}")

    print("\nThe file was forgotten. It is written now, and the task that needs it retried; the summary waits again:")
    file.write_text(f"{CRITICAL}\n", encoding="utf-8")
    say_how_it_fared("The exact solution", wait_for(exact.retry()))
    print_report(summary.result(progress=False))


def watch(runs: "rrq.TaskGroup[Measured]") -> None:
    """Print each temperature as it is done, and how far those are that run."""
    for task in runs.as_completed(progress=False):
        measured = task.result(progress=False)
        running = [other for other in runs if other.status() is rrq.TaskStatus.RUNNING]
        told = [told for other in running if isinstance(told := other.progress(), float)]
        others = ", ".join(f"{share:.0%}" for share in told)
        print(
            f"temperature {measured.temperature:.2f} is done" + (f"; under way: {others}" if others else ""), flush=True
        )


def wait_for(task: "rrq.Task[list[float]]") -> "rrq.Task[list[float]]":
    """Wait for a task, and give it back."""
    task.wait(progress=False)
    return task


if __name__ == "__main__":
    main()
