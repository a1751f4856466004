"""Signals of a worker's process, which may come by its parent too."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import os, signal
from collections import deque
from rrq_core.worker.signals import Signals
from rrq_core.worker.stop import StoppedNow

signals = Signals()
def directly(): os.kill(os.getpid(), signal.SIGTERM)
def relayed(): signals.relay(signal.SIGTERM)
def relayed_twice_at_once():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    relayed(), relayed()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
class Interrupted(deque):
    def popleft(self, interrupt=iter([directly])):
        next(interrupt, int)()
        return super().popleft()
def relayed_and_directly_in_the_midst_of_it():
    signals._expected = Interrupted()
    relayed()
try:
    for send in ({order},):
        send()
except StoppedNow:
    pass
print(signals.received, flush=True)
os._exit(0)
"""


@pytest.mark.parametrize(
    ("order", "count"),
    [
        ("directly, relayed", 1),
        ("relayed, directly", 1),
        ("relayed, relayed", 2),
        ("directly, directly", 2),
        ("directly, relayed, relayed, directly", 2),
        ("relayed_twice_at_once", 2),
        ("directly, relayed_twice_at_once", 2),
        ("relayed_and_directly_in_the_midst_of_it", 1),
    ],
)
def test_one_signal_that_comes_both_ways_counts_once(order: str, count: int) -> None:
    script = textwrap.dedent(PROGRAM).format(order=order)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, str(count), "")


ENDING = """
import os, signal
from rrq_core.worker.signals import Signals

class Late:
    def __del__(self, kill=os.kill, pid=os.getpid(), number=signal.SIGTERM):
        kill(pid, number)

Signals()
kept = Late()
"""


def test_a_signal_that_comes_while_the_interpreter_ends_is_not_taken_for_a_failure() -> None:
    assert ran(ENDING) == (0, "")


OVER = """
import os, signal, sys
from rrq_core.worker.signals import Signals

signals = Signals()
signals.let_go()
for number in (signal.SIGINT, signal.SIGINT):
    os.kill(os.getpid(), number)
"""


def test_after_the_end_of_the_worker_a_second_signal_ends_the_process_without_a_word() -> None:
    assert ran(OVER) == (1, "")


CLOSED = """
import os, signal
from rrq_core.worker.signals import Signals

signals = Signals()
for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGHUP):
    os.kill(os.getpid(), number)
os._exit(signals.received)
"""


def test_a_terminal_that_is_closed_counts_once() -> None:
    assert ran(CLOSED) == (1, "")


def test_what_a_process_was_started_to_ignore_it_ignores() -> None:
    ignoring = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{CLOSED}"
    assert ran(ignoring) == (0, "")


def ran(program: str) -> tuple[int, str]:
    """Run a program; give its exit status, and what it has printed of errors."""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    return process.returncode, process.stderr
