"""The time of the job that a worker runs in: a task is not begun that would not be finished."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rrq_core.model.status import TaskStatus
from rrq_core.ports.clock import Clock, process_clock
from rrq_core.worker import walltime
from rrq_core.worker.walltime import Walltime
from tests.unit.worker.lab import Lab


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("SLURM_JOB_END_TIME", "SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID"):
        monkeypatch.delenv(name, raising=False)
    walltime._ask_slurm.cache_clear()
    yield
    walltime._ask_slurm.cache_clear()


def noted(ends_in: float, *took: float) -> Walltime:
    made = Walltime(time.time() + ends_in)
    for seconds in took:
        made.note(seconds)
    return made


def test_time_is_short_when_less_is_left_than_half_of_the_tasks_took() -> None:
    assert noted(60, 100, 70, 1).is_short()
    assert not noted(60, 100, 50, 1).is_short()


def test_before_any_task_all_time_counts() -> None:
    assert not noted(1).is_short()
    assert noted(-1).is_short()


def test_only_the_last_hundred_tasks_count() -> None:
    assert not noted(60, *[1000.0] * 100, *[1.0] * 51).is_short()


def test_outside_of_a_job_there_is_no_limit() -> None:
    assert Walltime.of_this_job().remaining() == math.inf
    assert not Walltime.of_this_job().is_short()


def test_the_end_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + 100))
    assert 98 < Walltime.of_this_job().remaining() <= 100


@pytest.mark.parametrize(
    ("array", "asked"), [({}, "7"), ({"SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "2"}, "5_2")]
)
def test_else_slurm_is_asked_for_this_very_job(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, array: dict[str, str], asked: str
) -> None:
    script = tmp_path / "scontrol"
    script.write_text(f'#!/bin/sh\n[ "$*" = "show job {asked}" ] && echo "StartTime=1 EndTime=$((4000000000))"\n')
    script.chmod(0o755)
    for name, value in {"PATH": f"{tmp_path}:/usr/bin:/bin", "SLURM_JOB_ID": "7", **array}.items():
        monkeypatch.setenv(name, value)
    assert Walltime.of_this_job().remaining() == pytest.approx(4_000_000_000 - time.time(), abs=5)


@pytest.mark.parametrize("answer", ["EndTime=Unknown", ""])
def test_a_job_without_an_end_has_no_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str) -> None:
    script = tmp_path / "scontrol"
    script.write_text(f"#!/bin/sh\necho {answer}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert Walltime.of_this_job().remaining() == math.inf


def test_without_the_command_there_is_no_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert Walltime.of_this_job().remaining() == math.inf


class LateClock(Clock):
    """The clock of this machine, moved on by tasks that pretend to take long."""

    late = 0.0

    def time(self) -> float:
        return time.time() + self.late

    def monotonic(self) -> float:
        return time.monotonic() + self.late


clock = LateClock()


@pytest.fixture
def late_clock() -> Iterator[None]:
    clock.late = 0.0
    before = process_clock.replace(clock)
    yield
    process_clock.replace(before)


def take_seconds(seconds: float) -> None:
    clock.late += seconds


def test_a_worker_takes_nothing_more_once_time_is_short_and_leaves(
    lab: Lab, late_clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + 100))
    tasks = [lab.submit(take_seconds, 30) for _ in range(4)]
    lab.work(timeout_idle=1000)
    assert [lab.status(task) for task in tasks] == [TaskStatus.COMPLETE] * 3 + [TaskStatus.PENDING]
    assert lab.log()[-1] == "STOP OK (WALLTIME)"


def test_an_idle_worker_leaves_when_its_time_is_up(lab: Lab, late_clock: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time())))
    lab.work(timeout_idle=1000)
    assert lab.log()[-1] == "STOP OK (WALLTIME)"
