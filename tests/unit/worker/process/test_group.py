"""What is left of a group when its leader has ended. In another process, since all children of that one are killed."""

import subprocess
import sys

import pytest

from rrq_core.testing.waiting import wait_until
from tests.embedded_places import is_alive

# The leader leaves a process in its group, prints its id, and ends. Who started it is no subreaper: it does not get it.
LEADER = "import os, subprocess; os.setsid(); print(subprocess.Popen(['sleep', '1000'], stdout=-3).pid, flush=True)"
STARTS = f"""
import os, subprocess, sys
from rrq_core.worker.process.group import Group
leader = subprocess.Popen([sys.executable, "-c", {LEADER!r}]).pid
group = Group(leader)
while not group.has_ended():
    pass
"""
CLEARS = """
group.clear()
"""
TELLS_THE_ORDER = """
kill, wait = os.killpg, os.waitpid
os.killpg = lambda leader, number: print("kill", kill(leader, number))
os.waitpid = lambda pid, options: print("reap") or wait(pid, options)
group.clear()
"""
LOOKS = """
print(open(f"/proc/{leader}/stat").read().split()[2])
group.clear()
"""


def said_by(script: str) -> list[str]:
    run = subprocess.run([sys.executable, "-c", STARTS + script], check=True, capture_output=True, text=True)
    return run.stdout.split()


def test_who_is_left_in_the_group_is_killed_with_no_subreaper_too() -> None:
    (left,) = map(int, said_by(CLEARS))
    wait_until(lambda: not is_alive(left), "it is gone")


def test_the_group_is_killed_before_its_number_can_be_used_again() -> None:
    _, first, *others = said_by(TELLS_THE_ORDER)
    assert first == "kill"
    assert "reap" in others


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_a_leader_that_was_seen_to_have_ended_keeps_its_number() -> None:
    _, state = said_by(LOOKS)
    assert state == "Z"
