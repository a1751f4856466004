"""What a running task is doing, of workers that are processes: also when nothing in them can answer in Python."""

import ctypes
import os
import signal
import time
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.fleet import Fleet


def hold_the_lock(begun: str) -> None:
    Path(begun).touch()
    ctypes.PyDLL(None).sleep(1000)


def fork_and_signal(begun: str) -> int:
    """Tell how a fork ends that gets SIGUSR1."""
    pid = os.fork()
    if not pid:
        time.sleep(1000)
    os.kill(pid, signal.SIGUSR1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("words", [(), ("--workers", "2")])
def test_it_is_seen_and_the_task_goes_on(fleet: Fleet, tmp_path: Path, apart: bool, words: "tuple[str, ...]") -> None:
    fleet.start(*words, ids=("w_1", "w_2") if words else ("w",))
    task = fleet.begun(tmp_path, separate_process=apart)
    assert "in work_until\n    " in task.stack(30)
    (tmp_path / "go").touch()
    assert task.result(30) > 1


@pytest.mark.parametrize("apart", [False, True])
def test_it_is_seen_while_c_code_holds_the_lock(fleet: Fleet, tmp_path: Path, apart: bool) -> None:
    fleet.start()
    task = fleet.queue.options(separate_process=apart).submit(hold_the_lock, str(tmp_path / "begun"))
    wait_until((tmp_path / "begun").exists, "the task has begun")
    assert "ctypes.PyDLL(None).sleep(1000)" in task.stack(30)


def test_a_worker_without_a_heartbeat_says_so(fleet: Fleet, tmp_path: Path) -> None:
    fleet.configure(heartbeat_period=None)
    fleet.start()
    task = fleet.begun(tmp_path)
    with pytest.raises(
        rrq.InvalidArgument, match=r"worker 'w' has no heartbeat, .* worker_config\(heartbeat_period=...\)"
    ):
        task.stack()
    (tmp_path / "go").touch()


def handle_and_fork(begun: str) -> int:
    """Tell how a fork ends that gets SIGUSR1, for which the task has a handler."""
    signal.signal(signal.SIGUSR1, lambda number, frame: os._exit(7))
    return fork_and_signal(begun)


@pytest.mark.parametrize("apart", [False, True])
def test_a_handler_that_a_task_sets_is_that_of_its_forks(fleet: Fleet, tmp_path: Path, apart: bool) -> None:
    fleet.start()
    task = fleet.queue.options(separate_process=apart).submit(handle_and_fork, str(tmp_path / "begun"))
    assert task.result(30) == 7


@pytest.mark.parametrize("apart", [False, True])
def test_what_a_task_forks_takes_the_signal_as_ever(fleet: Fleet, tmp_path: Path, apart: bool) -> None:
    fleet.start()
    task = fleet.queue.options(separate_process=apart).submit(fork_and_signal, str(tmp_path / "begun"))
    assert task.result(30) == -signal.SIGUSR1


def test_a_worker_that_is_suspended_is_late_and_unharmed(fleet: Fleet, tmp_path: Path) -> None:
    fleet.start()
    task = fleet.begun(tmp_path)
    process = fleet.process()
    process.suspend()
    with pytest.raises(rrq.WorkerTimeout, match="worker 'w' did not show the stack"):
        task.stack(1.5)
    process.resume()
    assert "in work_until" in task.stack(30)
    (tmp_path / "go").touch()
    assert task.result(30) > 1
