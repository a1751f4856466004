"""What is said of processes that did not hand in an outcome."""

import signal
import sys

import psutil
import pytest

from rrq_core.model.status import TaskStatus
from rrq_core.testing.waiting import wait_until
from rrq_core.worker.process.ending import amount, cancelled, died, late, too_large
from rrq_core.worker.process.limits import Limits, memory_in_use


@pytest.mark.parametrize(
    ("verdict", "status", "sentence"),
    [
        (late(2.0), TaskStatus.TIMEOUT, "took longer than timeout_task_run=2 s"),
        (too_large(8_300_000_000, 8_000_000_000), TaskStatus.DIED, "used 8.3 GB of 8 GB"),
        (cancelled(), TaskStatus.CANCELLED, "it was cancelled while it ran"),
        (died(-signal.SIGSEGV), TaskStatus.DIED, "killed by SIGSEGV"),
        (died(3), TaskStatus.DIED, "its process ended by itself, with exit status 3 and without a result"),
    ],
)
def test_each_end_has_its_sentence(verdict, status, sentence) -> None:
    assert (verdict.status, verdict.failure.message) == (status, sentence)


def test_who_was_killed_by_nobody_known_may_have_used_too_much_memory() -> None:
    assert "want of memory" in died(-signal.SIGKILL).failure.message


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    assert "signal 60" in died(-60).failure.message


def test_what_is_just_over_its_limit_does_not_look_like_the_limit() -> None:
    assert too_large(8_000_000_001, 8_000_000_000).failure.message != "used 8 GB of 8 GB"
    assert amount(999_999) == "1 MB"


def test_no_limit_asks_for_no_look() -> None:
    assert Limits(None, None, 1).look_again() is None


def test_the_time_is_over_when_it_is_over() -> None:
    assert Limits(1000.0, None, 1).overrun() is None
    limits = Limits(0.0, None, 1)
    assert limits.look_again() == 0.0
    assert limits.overrun() is not None


def test_the_memory_of_all_descendants_counts() -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'b = bytearray(50_000_000); input()'])"
    before = memory_in_use(psutil.Process().pid)
    with psutil.Popen([sys.executable, "-c", program], stdin=-1) as process:
        wait_until(lambda: memory_in_use(psutil.Process().pid) > before + 50_000_000, "all of it counts")
        process.stdin.close()
    assert memory_in_use(2**22 + 1) == 0
