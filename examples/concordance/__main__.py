"""The example's main job: look words up in processes of their own, without an environment, and with several."""

import argparse
import tempfile
import time
from collections.abc import Sequence
from itertools import repeat
from pathlib import Path

import rrq_core as rrq
from examples.concordance.words import LIBRARY, Found, look_up
from examples.private_queue import private_queue

WORDS = ("queue", "pickle", "deprecated", "socket", "lambda", "the", "yield", "unicode", "fork", "raise")
SOURCE = """
from examples.concordance.words import load

load({folder!r}, ignored={ignored!r})
"""


def main() -> None:
    """Look all words up, each way, and print what was found and how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=LIBRARY, help="where the modules are (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="how many processes (default: %(default)s)")
    asked = parser.parse_args()
    with private_queue("concordance", asked.workers) as queue, tempfile.TemporaryDirectory(prefix="rrq-") as directory:
        look_up_all(queue, Path(directory) / "environment.py", asked.folder)


def look_up_all(queue: rrq.Controller, source: Path, folder: str) -> None:
    """Go through the life of an environment: none, one, a changed one, a broken one, a mended one."""
    timed(queue, folder, "Each process counts for itself")

    source.write_text(SOURCE.format(folder=folder, ignored=()), encoding="utf-8")
    rrq.worker_envir_set(rrq.envir(sources=source))
    timed(queue, folder, "The environment has counted; this starts a process that has loaded it, and forks")
    show(timed(queue, folder, "The same again: nothing is loaded any more"))

    source.write_text(SOURCE.format(folder=folder, ignored=("the",)), encoding="utf-8")
    print(f"\nThe source file was changed, REFRESH was answered: {refresh()}")
    show(timed(queue, folder, "Without the most frequent word"))

    source.write_text("load(", encoding="utf-8")
    print(f"\nThe source file was broken, REFRESH was answered: {refresh()}")
    error = rrq.task_result(wait_for(queue.submit(look_up, "queue", folder)))
    print(f"A task ends so: {type(error.cause).__name__}" if isinstance(error, rrq.TaskError) else error)

    source.write_text(SOURCE.format(folder=folder, ignored=()), encoding="utf-8")
    print(f"It was mended, REFRESH was answered: {refresh()}")
    print(f"A task ends so: {queue.submit(look_up, 'queue', folder).result(progress=False)}")


def timed(queue: rrq.Controller, folder: str, what: str) -> list[Found]:
    """Look all words up, and print how long that took."""
    began = time.perf_counter()
    found = queue.options(separate_process=True).map(look_up, WORDS, repeat(folder)).results(progress=False)
    print(f"{what}: {(time.perf_counter() - began) / len(WORDS) * 1000:.0f} ms a word", flush=True)
    return found


def refresh() -> str:
    """Have all workers make their environment anew; what they answer, in one line."""
    answers = rrq.message_send_and_wait("REFRESH", named=False, progress=False)
    return str(answers[0]).splitlines()[0]


def show(found: Sequence[Found]) -> None:
    """Print what was found, the most frequent word first."""
    for one in sorted((one for one in found if one.most), key=lambda one: -one.times):
        print(f"  {one.word:<12} {one.times:>6,} times in {one.modules:>3} modules, most often in {one.most}")


def wait_for(task: "rrq.Task[Found]") -> "rrq.Task[Found]":
    """Wait for a task, and give it back."""
    task.wait(progress=False)
    return task


if __name__ == "__main__":
    main()
