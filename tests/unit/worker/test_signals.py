"""Signals of a worker's process, which may come by its parent too."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import os, signal
from rrq_core.worker.signals import Signals
from rrq_core.worker.stop import StoppedNow

signals = Signals()
def directly(): os.kill(os.getpid(), signal.SIGTERM)
def relayed(): signals.relay(signal.SIGTERM)
try:
    for send in ({order}):
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
    ],
)
def test_one_signal_that_comes_both_ways_counts_once(order: str, count: int) -> None:
    script = textwrap.dedent(PROGRAM).format(order=order)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, str(count), "")
