"""The example's main job: submit one task a file, wait with a progress bar, collect, print."""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import rrq_core as rrq
from examples.private_queue import private_queue
from examples.standard_library.measure import Measure, measure_module
from examples.standard_library.report import Effort, print_report
from examples.standard_library.sources import LIBRARY, Source, broken_source, library_sources


def main() -> None:
    """Measure the standard library of this Python, or another folder, and print what was found."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="rrq-example-") as directory:
        sources = [*library_sources(asked.folder), broken_source(Path(directory))]
        print(f"Measuring {len(sources):,} source files of {asked.folder} on {asked.workers} workers.", flush=True)
        with private_queue("standard-library", asked.workers) as queue:
            results, effort = measure_all(queue, sources, asked.workers)
    measures = [result for result in results if isinstance(result, Measure)]
    failures = {
        source.module: reason(result)
        for source, result in zip(sources, results, strict=True)
        if isinstance(result, rrq.TaskError)
    }
    print_report(measures, failures, effort)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    cores = min(8, max(2, os.cpu_count() or 2))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=LIBRARY, help="what to measure (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=cores, help="how many processes (default: %(default)s)")
    return parser.parse_args()


def reason(error: rrq.TaskError) -> str:
    """Say in a line why a task failed."""
    return f"{type(error.cause).__name__}: {error.cause}" if error.cause else str(error)


def measure_all(
    queue: rrq.Controller, sources: Sequence[Source], n: int
) -> tuple[list[Measure | rrq.TaskError], Effort]:
    """Measure each file in a task of its own; those that fail give a TaskError in their place."""
    start = time.perf_counter()
    tasks = queue.map(measure_module, [one.module for one in sources], [one.path for one in sources])
    tasks.wait()
    results = rrq.task_results(tasks, controller=queue)
    passed = time.perf_counter() - start
    times = rrq.task_times(tasks, controller=queue)
    worked = sum(one.complete - one.start for one in times if one.complete and one.start)
    return results, Effort(worked=worked, passed=passed, workers=n)


if __name__ == "__main__":
    main()
