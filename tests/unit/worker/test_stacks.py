"""Stacks of tasks: found in what is seen of threads, and in what C code has written; as a line, and as text."""

import sys
import threading

import pytest

from rrq_core.worker import run, stacks
from rrq_core.worker.stacks import Place, Stack, dumped_stacks, read_stacks, stack_text, stacks_here, written_stacks

DUMP = f"""Stack (most recent call first):
  File "/home/j\\xf6rg/nowhere.py", line 7 in inner
  File "/home/j\\xf6rg/nowhere.py", line 3 in <lambda>
  File "{run.__file__}", line 150 in _run
  File "{stacks.__file__}", line 1 in run
  File "/usr/bin/rrq-worker", line 8 in <module>
"""
PLACES = (Place("/home/jörg/nowhere.py", 3, "<lambda>"), Place("/home/jörg/nowhere.py", 7, "inner"))


async def seen() -> list[Stack]:
    """Look, as a task would: `run.awaited` is what runs a coroutine of one."""
    return list(stacks_here(sys._current_frames()))


async def seen_from(depth: int) -> list[Stack]:
    return await seen_from(depth - 1) if depth else await seen()


def test_of_what_c_code_has_written_the_tasks_own_calls_are_taken() -> None:
    assert dumped_stacks(DUMP) == [Stack(PLACES)]


def test_a_thread_that_runs_no_task_has_none_to_show() -> None:
    assert dumped_stacks(DUMP.replace(run.__file__, stacks.__file__)) == []
    assert dumped_stacks("") == []
    assert stacks_here(sys._current_frames()) == []


def test_a_stack_that_c_code_has_cut_is_shown_and_says_so() -> None:
    cut = "\n".join([*DUMP.splitlines()[:3], "  ...", ""])
    assert dumped_stacks(cut) == [Stack(PLACES, is_cut=True)]


def test_a_task_is_seen_without_the_calls_around_it_and_with_its_source() -> None:
    mine, *_ = run.awaited(seen())
    place = mine.places[0]
    assert (place.file, place.function, place.source) == (
        __file__,
        "seen",
        "return list(stacks_here(sys._current_frames()))",
    )


def test_threads_that_are_not_the_queues_are_seen_too() -> None:
    held = threading.Event()
    thread = threading.Thread(target=held.wait)
    thread.start()
    try:
        _, *others = run.awaited(seen())
    finally:
        held.set()
        thread.join()
    assert "wait" in [other.places[-1].function for other in others]


def test_of_a_deep_stack_the_most_recent_calls_are_kept() -> None:
    mine, *_ = run.awaited(seen_from(300))
    assert mine.is_cut
    assert len(mine.places) == 100
    assert mine.places[-1].function == "seen"


def test_what_is_written_is_one_line_of_ascii_and_can_be_read() -> None:
    stacks = [Stack((Place("a\nü.py", 1, "f", "x = 'é'"),), is_cut=True), Stack(PLACES)]
    written = written_stacks(stacks)
    assert written.isascii()
    assert len(written.splitlines()) == 1
    assert read_stacks(written) == stacks


@pytest.mark.parametrize("damaged", ["", "[1]", '[[["a"], false]]', "[[[], false, 1]]"])
def test_what_is_no_stack_is_refused(damaged: str) -> None:
    with pytest.raises(ValueError):
        read_stacks(damaged)


def test_the_text_is_that_of_a_traceback() -> None:
    text = stack_text(
        [Stack((Place("/nowhere.py", 3, "f", "g()"),), is_cut=True), Stack((Place("/nowhere.py", 7, "h"),))]
    )
    assert text == (
        "The task (most recent call last):\n"
        "  ... earlier calls are left out ...\n"
        '  File "/nowhere.py", line 3, in f\n    g()\n'
        "Another thread (most recent call last):\n"
        '  File "/nowhere.py", line 7, in h\n'
    )
