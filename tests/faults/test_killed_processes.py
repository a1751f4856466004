"""Zygotes, workers and servers that go away while a task has a process of its own: nothing is left, nothing lost."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.e2e import tasks_in_processes as tasks
from tests.e2e.process_lab import ProcessLab, await_deaths, kill, process_lab
from tests.servers import PrivateServer


@pytest.fixture
def lab(server: PrivateServer, tmp_path: Path) -> Iterator[ProcessLab]:
    with process_lab(server.url, tmp_path, logdir=tmp_path / "logs", timeout_process_die=0.5) as lab:
        yield lab


def scratch_of(zygote: psutil.Process) -> Path:
    """The scratch directory of a worker, which its zygote was told."""
    (directory,) = [part for part in zygote.cmdline()[-1].split("'") if "rrq-worker-" in part and "/" in part]
    return Path(directory)


def test_a_killed_zygote_is_replaced(lab: ProcessLab) -> None:
    before = lab.zygote
    kill(before)
    assert lab.run(tasks.draw)
    assert lab.zygote.pid != before.pid


def test_a_task_whose_zygote_is_killed_dies_with_its_processes_and_the_next_one_runs(lab: ProcessLab) -> None:
    task, pids = lab.started(tasks.start_processes_and_wait)
    leader, child, *_ = pids
    kill(lab.zygote)
    assert "SIGKILL" in str(lab.error(task, "DIED"))
    await_deaths([leader, child])
    assert lab.run(tasks.draw)
    for pid in pids[2:]:  # those with a session of their own: only their zygote could find them
        psutil.Process(pid).kill()


def test_nothing_outlives_a_killed_worker(lab: ProcessLab) -> None:
    zygote, worker = lab.zygote, lab.worker
    scratch = scratch_of(zygote)
    assert scratch.is_dir()
    _, pids = lab.started(tasks.start_processes_and_wait)
    kill(worker)
    await_deaths([*pids, zygote.pid])
    wait_until(lambda: not scratch.exists(), "the scratch directory is gone")


def test_a_stopped_worker_leaves_neither_zygote_nor_directory(lab: ProcessLab) -> None:
    zygote = lab.zygote
    scratch = scratch_of(zygote)
    lab.workers.stop(timeout=10)
    await_deaths([zygote.pid])
    wait_until(lambda: not scratch.exists(), "the scratch directory is gone")


def test_a_signal_lets_the_task_finish(lab: ProcessLab, tmp_path: Path) -> None:
    until = tmp_path / "until"
    task = lab.submit(tasks.print_and_wait, str(until))
    wait_until(lambda: task.log() == ["begun"], "the task has begun")
    lab.worker.send_signal(signal.SIGTERM)
    until.touch()
    assert task.wait(timeout=30)
    wait_until(lambda: not any(lab.workers.is_alive().values()), "the worker has left")
    assert lab.log()[-1] == "STOP OK (SIGTERM)"


def test_a_second_signal_stops_the_task_with_all_that_it_has_started(lab: ProcessLab) -> None:
    worker = lab.worker
    task, pids = lab.started(tasks.start_processes_and_wait)
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGINT)
    assert "SIGINT" in str(lab.error(task, "DIED")) or "SIGTERM" in str(lab.error(task, "DIED"))
    await_deaths(pids)
    wait_until(lambda: not any(lab.workers.is_alive().values()), "the worker has left")


def test_a_server_that_goes_away_does_not_hurt_the_process(
    server: PrivateServer, lab: ProcessLab, tmp_path: Path
) -> None:
    until = tmp_path / "until"
    task = lab.submit(tasks.tell_progress, str(until))
    wait_until(lambda: task.progress() == "half way", "the task has begun")
    (process,) = lab.zygote.children()
    server.kill()
    until.touch()
    await_deaths([process.pid])
    server.start()
    assert task.wait(timeout=30)
    assert task.info().attempts[-1].number == 1
    assert task.info().pid == process.pid
    assert rrq.check(controller=lab.queue).ok


def test_a_limit_holds_while_the_server_is_away(server: PrivateServer, lab: ProcessLab) -> None:
    task, pids = lab.started(tasks.wait_deaf, timeout_task_run=1.0)
    server.kill()
    await_deaths(pids)
    server.start()
    lab.error(task, "TIMEOUT")
