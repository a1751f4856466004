"""How processes are started, and what is done when one does not come up. These are real processes."""

import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Standing
from rrq_core.payload import Context, PayloadKind, decode_value
from rrq_core.worker.process import runner
from tests.unit.worker.process.runner_lab import QUEUE, Lab, work_of

FORKS_HANG = """
import os, time
os.register_at_fork(after_in_child=lambda: time.sleep(1000))
"""
HAS_A_THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(1000,), name="ticker", daemon=True).start()
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_a_fork_that_hangs_is_replaced_by_a_fresh_interpreter_from_then_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "FORK_HELLO", 0.2)
    processes = lab.processes(FORKS_HANG)
    assert lab.run(processes, work_of(abs, -1)) is TaskStatus.COMPLETE
    assert lab.run(processes, work_of(abs, -2)) is TaskStatus.COMPLETE
    assert [line for line in lab.lines if "FRESH" in line] == ["FRESH a fork did not say hello in 0.2 s"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_a_zygote_with_threads_is_not_forked_unless_that_is_wished_for(lab: Lab) -> None:
    assert lab.run(lab.processes(HAS_A_THREAD, process="fork"), work_of(abs, -1)) is TaskStatus.COMPLETE
    assert not any("FRESH" in line for line in lab.lines)
    assert lab.run(lab.processes(HAS_A_THREAD), work_of(abs, -1)) is TaskStatus.COMPLETE
    assert any("FRESH" in line and "ticker" in line for line in lab.lines)


@pytest.mark.parametrize("process", ["fork", "fresh"])
@pytest.mark.parametrize("size", [10, 100_000, 2_000_000], ids=["with its start", "by its line", "by a file"])
def test_a_task_of_any_size_comes_to_its_process(lab: Lab, process: str, size: int) -> None:
    ended = lab.processes(process=process).run(work_of(len, bytes(size))).finished
    assert ended is not None
    assert decode_value(ended.result.data, Context(kind=PayloadKind.VALUE, queue_id=QUEUE)) == size


def test_the_lines_for_the_log_are_told_once_and_in_order(lab: Lab) -> None:
    processes = lab.processes()
    for _ in range(5):
        lab.run(processes, work_of(abs, -1))
    words = [line.split()[0] for line in lab.lines if "FRESH" not in line]
    assert words == ["REMOTE", "CHILD", "ENVIR", "STOP"] * 5


def test_a_task_that_was_cancelled_before_it_lasted_is_stopped_without_a_wake_up(lab: Lab) -> None:
    lab.standing = Standing.CANCEL
    assert lab.run(lab.processes(), work_of(time.sleep, 1000)) is TaskStatus.CANCELLED


def test_of_a_task_that_nobody_wants_nothing_is_handed_in(lab: Lab) -> None:
    lab.standing = Standing.GONE
    ran = lab.processes(timeout_process_die=1000.0).run(work_of(time.sleep, 1000))
    assert ran.finished is None


def test_a_log_directory_that_cannot_be_written_is_told(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        lab.processes(logdir=str(tmp_path / "file" / "logs")).run(work_of(abs, -1))


def test_what_the_worker_changes_later_does_not_come_to_its_processes(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = lab.processes()
    monkeypatch.setenv("CHANGED_LATER", "yes")
    monkeypatch.chdir("/")
    here = processes.run(work_of(os.getcwd)).finished
    there = processes.run(work_of(os.getenv, "CHANGED_LATER")).finished
    assert str(lab._directory).encode() in bytes(here.result.data)
    assert b"yes" not in bytes(there.result.data)


def test_a_crash_writes_no_core_also_where_the_worker_may(lab: Lab) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        ended = lab.processes().run(work_of(resource.getrlimit, resource.RLIMIT_CORE)).finished
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    assert decode_value(ended.result.data, Context(kind=PayloadKind.VALUE, queue_id=QUEUE))[0] == 0


def test_the_ways_of_other_systems_work_without_calls_that_only_linux_has(lab: Lab) -> None:
    beginning = "import os, sys\ndel os.waitid\nsys.platform = 'darwin'\n"
    assert lab.run(lab.processes(beginning), work_of(abs, -1)) is TaskStatus.COMPLETE
    assert any("FRESH" in line and "darwin" in line for line in lab.lines)
