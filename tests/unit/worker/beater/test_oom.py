"""Deaths for want of memory, as control groups tell of them."""

import os
from pathlib import Path

import pytest

from rrq_core.worker.beater.oom import OutOfMemory


def counted(file: Path, kills: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"low 0\nhigh 0\nmax 12\noom 3\noom_kill {kills}\noom_group_kill 0\n")


def member(root: Path, line: str) -> None:
    file = root / "proc" / "7" / "cgroup"
    file.parent.mkdir(parents=True)
    file.write_text(f"9:name=systemd:/\n{line}\n")


GROUPS = [
    ("0::/user.slice/lab", "user.slice/lab/memory.events"),
    ("4:memory:/jobs/lab", "memory/jobs/lab/memory.oom_control"),
    ("4:cpu,memory:/jobs/lab", "memory/jobs/lab/memory.oom_control"),
    ("0::/", "memory.events"),
    ("4:memory:/of/the/host", "memory/memory.oom_control"),
]


@pytest.mark.parametrize(("line", "file"), GROUPS)
def test_a_kill_in_the_group_is_noticed(tmp_path: Path, line: str, file: str) -> None:
    member(tmp_path, line)
    counted(tmp_path / "groups" / file, 2)
    memory = OutOfMemory(7, tmp_path / "groups", tmp_path / "proc")
    assert not memory.has_killed()
    counted(tmp_path / "groups" / file, 3)
    assert memory.has_killed()


def test_a_kill_of_long_ago_is_not_taken_for_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    member(tmp_path, "0::/lab")
    events = tmp_path / "groups" / "lab" / "memory.events"
    counted(events, 0)
    now = [50.0]
    monkeypatch.setattr("rrq_core.worker.beater.oom.time.monotonic", lambda: now[0])
    memory = OutOfMemory(7, tmp_path / "groups", tmp_path / "proc")
    counted(events, 1)
    memory.note()
    now[0] += 60
    assert not memory.has_killed()


def test_where_nothing_tells_nobody_was_killed(tmp_path: Path) -> None:
    member(tmp_path, "0::/lab")
    assert not OutOfMemory(7, tmp_path / "groups", tmp_path / "proc").has_killed()
    assert not OutOfMemory(8, tmp_path / "groups", tmp_path / "proc").has_killed()


def test_of_this_process_it_can_be_asked_wherever_it_runs() -> None:
    assert not OutOfMemory(os.getpid()).has_killed()
