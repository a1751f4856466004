"""The example's main job: submit one task a file, wait with a progress bar, collect, print."""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rrq_core as rrq
from examples.standard_library.measure import Measure, measure_module
from examples.standard_library.report import Effort, print_report
from examples.standard_library.sources import Source, broken_source, library_sources


def main() -> None:
    """Measure the standard library of this Python and print what was found."""
    n = min(8, max(2, os.cpu_count() or 2))
    with tempfile.TemporaryDirectory(prefix="rrq-example-") as directory:
        sources = [*library_sources(), broken_source(Path(directory))]
        print(f"Measuring {len(sources):,} source files of Python's standard library on {n} workers.", flush=True)
        with private_queue(directory, n) as queue:
            results, effort = measure_all(queue, sources, n)
    measures = [result for result in results if isinstance(result, Measure)]
    failures = {
        source.module: str(result).partition("\n")[0]
        for source, result in zip(sources, results, strict=True)
        if isinstance(result, rrq.TaskError)
    }
    print_report(measures, failures, effort)


@contextmanager
def private_queue(directory: str, n: int) -> Iterator[rrq.Controller]:
    """Start a server of our own in a directory, with n workers; both are gone at the end."""
    with (
        rrq.connect("standard-library", f"embedded://{directory}/server?idle=0") as queue,
        rrq.worker_spawn(n, controller=queue),
    ):
        yield queue


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
