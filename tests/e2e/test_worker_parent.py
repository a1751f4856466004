"""`rrq-worker --workers N`: one process that starts workers, passes signals on, and ends when they have."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.fleet import COMMAND, Fleet, ended

TWO = ("w_1", "w_2")


def hold_the_lock(path: str) -> None:
    """Never come back to the interpreter."""
    import ctypes

    Path(path).touch()
    ctypes.PyDLL(None).sleep(1000)


def leave_an_orphan() -> int:
    """Have a process that ends at once be started by one that has ended before."""
    script = "import subprocess; print(subprocess.Popen(['sleep', '0.2'], stdout=subprocess.DEVNULL).pid)"
    return int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)


def test_it_starts_workers_that_are_numbered_and_work_at_the_same_time(fleet: Fleet, tmp_path: Path) -> None:
    fleet.start("--workers", "2", ids=TWO)
    tasks = [fleet.begun(tmp_path) for _ in TWO]
    assert {fleet.running(task) for task in tasks} == set(TWO)
    (tmp_path / "go").touch()
    assert len({task.result(timeout=10) for task in tasks}) == 2


def test_it_starts_no_beater_besides_itself(fleet: Fleet) -> None:
    parent = fleet.start("--workers", "2", ids=TWO)
    assert len(psutil.Process(parent.pid).children(recursive=True)) == 2


def test_a_signal_lets_all_finish_their_tasks(fleet: Fleet, tmp_path: Path) -> None:
    parent = fleet.start("--workers", "2", ids=TWO)
    task = fleet.begun(tmp_path)
    busy = fleet.running(task)
    parent.send_signal(signal.SIGTERM)
    idle = "w_1" if busy == "w_2" else "w_2"
    wait_until(lambda: fleet.status(idle) == "EXITED", "the idle one has left")
    (tmp_path / "go").touch()
    assert ended(parent)[0] == 0
    assert task.status() == "COMPLETE"
    assert fleet.log(busy)[-1] == "STOP OK (SIGTERM)"


def test_who_has_printed_a_line_stands_before_it(fleet: Fleet) -> None:
    parent = fleet.start("--workers", "2", ids=TWO)
    parent.send_signal(signal.SIGTERM)
    lines = [line.split(" ", 2) for line in ended(parent)[1].splitlines()]
    assert {(id, said) for id, _, said in lines} >= {
        (id, said) for id in TWO for said in ("ALIVE", "STOP OK (SIGTERM)")
    }


def test_a_signal_that_a_service_sends_to_all_of_its_processes_counts_once(fleet: Fleet, tmp_path: Path) -> None:
    parent = fleet.start("--workers", "2", ids=TWO)
    task = fleet.begun(tmp_path)
    for process in [psutil.Process(parent.pid), *psutil.Process(parent.pid).children(recursive=True)]:
        process.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()
    assert ended(parent)[0] == 0
    assert task.result(timeout=1) > 1


def test_a_second_signal_stops_them_now(fleet: Fleet, tmp_path: Path) -> None:
    parent = fleet.start("--workers", "2", ids=TWO)
    task = fleet.begun(tmp_path)
    worker = fleet.running(task)
    parent.send_signal(signal.SIGINT)
    wait_until(lambda: len(rrq.worker_list()) == 1, "the idle one has left")
    parent.send_signal(signal.SIGINT)
    assert ended(parent)[0] == 1
    assert task.status() == "DIED"
    assert fleet.status(worker) == "EXITED"


def test_a_third_signal_kills_those_who_hear_none(fleet: Fleet, tmp_path: Path) -> None:
    parent = fleet.start("--workers", "1", ids=("w_1",))
    task = fleet.queue.submit(hold_the_lock, str(tmp_path / "held"))
    wait_until((tmp_path / "held").exists, "the lock is held")
    for _ in range(3):
        parent.send_signal(signal.SIGTERM)
        wait_until(lambda: not pending(parent.pid), "the signal is heard")
    assert ended(parent)[0] == 128 + signal.SIGKILL
    assert task.status() == "DIED"


def pending(pid: int) -> bool:
    """Whether a signal waits for a process, which would swallow the next of its kind."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return any(int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd", "ShdPnd")))


def test_its_exit_status_is_the_worst(fleet: Fleet) -> None:
    parent = fleet.start("--workers", "2", ids=TWO)
    fleet.queue.submit(os._exit, 5)
    wait_until(lambda: len(rrq.worker_list()) == 1, "one has ended")
    parent.send_signal(signal.SIGTERM)
    assert ended(parent)[0] == 5


def test_what_each_prints_goes_to_a_file_where_that_is_wanted(fleet: Fleet, tmp_path: Path) -> None:
    parent = fleet.start("--workers", "2", "--log-directory", str(tmp_path), ids=TWO)
    assert fleet.queue.submit(print, "said in a task").result(timeout=10) is None
    assert rrq.worker_info("w_1")["w_1"] is not None
    rrq.worker_stop(timeout=10)
    assert ended(parent) == (0, "")
    assert {file.name for file in tmp_path.iterdir()} == set(TWO)
    assert any("said in a task" in rrq.worker_process_log(worker) for worker in TWO)


def test_where_one_cannot_come_up_the_others_leave_and_the_exit_status_tells(fleet: Fleet) -> None:
    fleet.start("--worker-id", "w_1", ids=("w_1",))
    status, printed = ended(fleet.begin("--workers", "2"))
    assert status == 2
    assert "'w_1' is alive" in printed
    assert "the others leave" in printed
    assert rrq.worker_list() == ["w_1"]


def test_a_numbered_worker_takes_the_first_number_that_is_free(fleet: Fleet, tmp_path: Path) -> None:
    fleet.start("--numbered", ids=("w_1",))
    fleet.start("--numbered", "--log-directory", str(tmp_path), ids=TWO)
    assert (tmp_path / "w_2").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--workers", "0"], "1 or more, not '0'"),
        (["--workers", "many"], "1 or more, not 'many'"),
        (["--workers", "2", "--config", "fast"], "'fast'"),
        (["--workers", "2", "--worker-id", "a/b", "--log-directory", "logs"], "'a/b'"),
    ],
)
def test_wrong_use_is_told_in_one_line_and_starts_nothing(fleet: Fleet, words: list[str], says: str) -> None:
    status, printed = ended(fleet.begin(*words))
    assert status == 2
    assert says in printed.splitlines()[-1]
    assert rrq.worker_list_exited() == []


NEW_NUMBERS = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NEW_NUMBERS, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="process numbers cannot be unshared here, which takes root on Linux")
def test_as_process_1_it_runs_the_worker_as_its_child_and_buries_orphans(fleet: Fleet) -> None:
    words = [*NEW_NUMBERS, COMMAND, "lab", "--url", fleet.server.url, "--worker-id", "w"]
    container = subprocess.Popen(words, cwd=fleet.server.directory, stdout=subprocess.PIPE, text=True)
    fleet.started.append(container)
    rrq.worker_wait("w", timeout=30, progress=False)
    fleet.look()
    orphan = fleet.queue.submit(leave_an_orphan).result(timeout=10)
    assert rrq.worker_info("w")["w"].pid != 1
    wait_until(lambda: not fleet.queue.submit(os.path.exists, f"/proc/{orphan}").result(timeout=10), "it is buried")
    (first,) = psutil.Process(container.pid).children()
    first.terminate()
    assert container.wait(timeout=10) == 0
    assert fleet.log()[-1] == "STOP OK (SIGTERM)"
