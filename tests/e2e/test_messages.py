"""Messages to workers that are processes, and their end by force."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.servers import private_server

GRACE = 20

TASKS = """
import os, pathlib, time

def work(started, until):
    pathlib.Path(started).touch()
    while not os.path.exists(until):
        time.sleep(0.01)
    return os.getpid()
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with private_server() as server:
        yield server.url


@pytest.fixture
def q(url: str, request: pytest.FixtureRequest) -> Iterator[rrq.Controller]:
    with rrq.connect(request.node.name, url) as controller:
        yield controller


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that workers import; it runs until a file is there."""
    (tmp_path / "tasks_of_messages.py").write_text(TASKS)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("tasks_of_messages", None)
    return __import__("tasks_of_messages").work


@pytest.fixture
def workers(q: rrq.Controller, work: object) -> Iterator[rrq.WorkerManager]:
    manager = rrq.worker_spawn(2, worker_id_base="w", controller=q)
    yield manager
    manager.stop_now()


def start(q: rrq.Controller, work, directory: Path, **options: object) -> "rrq.Task[int]":
    started = directory / f"started {len(list(directory.iterdir()))}"
    task = q.options(**options).submit(work, str(started), str(directory / "until"))
    wait_until(started.exists, "the task has started", timeout=GRACE)
    return task


def pids(workers: rrq.WorkerManager) -> dict[str, int]:
    return {worker: info.pid for worker, info in rrq.worker_info(workers.id).items() if info is not None}


def test_processes_answer_from_where_they_are(workers: rrq.WorkerManager) -> None:
    found = rrq.message_send_and_wait("EVAL", "import os\nos.getpid()", timeout=GRACE)
    assert found == pids(workers)
    assert os.getpid() not in found.values()


def test_an_echo_is_printed_where_the_worker_prints(workers: rrq.WorkerManager) -> None:
    rrq.message_send_and_wait("ECHO", "good morning", "w_1", timeout=GRACE)
    assert [line for line in rrq.worker_process_log("w_1") if line.endswith("ECHO good morning")]


def test_a_busy_worker_answers_after_its_task_and_before_the_next(
    q: rrq.Controller, workers: rrq.WorkerManager, work, tmp_path: Path
) -> None:
    rrq.worker_stop("w_2", timeout=GRACE)
    start(q, work, tmp_path)
    after = q.submit(os.getpid)
    message = rrq.message_send("PING")
    assert rrq.message_has_response(message) == {"w_1": False}
    (tmp_path / "until").touch()
    assert rrq.message_get_response(message, timeout=GRACE) == {"w_1": "PONG"}
    after.wait(GRACE)
    lines = [f"{entry.command} {entry.message}" for entry in rrq.worker_log_tail("w_1", None)]
    assert lines.index("RESPONSE PING") < lines.index(f"TASK_START {after.id}")


def test_a_paused_process_takes_nothing_until_it_is_resumed(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    rrq.message_send_and_wait("PAUSE", timeout=GRACE)
    task = q.submit(os.getpid)
    assert rrq.message_send_and_wait("PING", timeout=GRACE) == {"w_1": "PONG", "w_2": "PONG"}
    assert task.status() == "PENDING"
    rrq.message_send_and_wait("RESUME", worker_ids="w_2", timeout=GRACE)
    assert task.result(GRACE) == pids(workers)["w_2"]


@pytest.mark.parametrize("type", ["kill", "kill_local"])
def test_a_busy_process_is_killed_its_task_has_died_and_the_other_lives(
    q: rrq.Controller, workers: rrq.WorkerManager, work, tmp_path: Path, type: str
) -> None:
    task = start(q, work, tmp_path)
    (busy,) = [worker for worker, held in rrq.worker_task_id().items() if held == task.id]
    assert rrq.worker_stop(busy, type=type, timeout=GRACE) == [busy]
    assert rrq.worker_status(busy) == {busy: "LOST"}
    assert task.status() == "DIED"
    assert "SIGKILL" in str(rrq.task_result(task))
    assert rrq.worker_list() == [worker for worker in workers.id if worker != busy]
    assert rrq.check().ok


@pytest.mark.parametrize("type", ["kill", "kill_local"])
def test_what_may_run_again_goes_to_another_when_its_worker_is_killed(
    q: rrq.Controller, workers: rrq.WorkerManager, work, tmp_path: Path, type: str
) -> None:
    task = start(q, work, tmp_path, on_lost="requeue")
    (busy,) = [worker for worker, held in rrq.worker_task_id().items() if held == task.id]
    (tmp_path / "until").touch()
    rrq.worker_stop(busy, type=type, timeout=GRACE)
    assert task.result(GRACE) in pids(workers).values()


def test_a_process_that_has_ended_already_is_not_among_the_killed(q: rrq.Controller, work: object) -> None:
    rrq.worker_config_save("silent", rrq.worker_config(heartbeat_period=None))
    with rrq.worker_spawn(1, worker_id_base="w", name_config="silent") as manager:
        with pytest.raises(rrq.InvalidArgument, match="without a heartbeat"):
            rrq.worker_stop(type="kill")
        os.kill(pids(manager)["w_1"], signal.SIGKILL)
        wait_until(lambda: not manager.is_alive("w_1")["w_1"], "its end was seen", timeout=GRACE)
        assert rrq.worker_stop(manager.id, type="kill_local") == []


def test_a_message_that_lies_there_is_seen_to_before_tasks(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    (pid,) = {pid for worker, pid in pids(workers).items() if worker == "w_1"}
    rrq.worker_stop("w_2", timeout=GRACE)
    os.kill(pid, signal.SIGSTOP)
    task, message = q.submit(os.getpid), rrq.message_send("STOP", "enough", "w_1")
    os.kill(pid, signal.SIGCONT)
    assert rrq.message_get_response(message, "w_1", timeout=GRACE) == {"w_1": "BYE"}
    wait_until(lambda: rrq.worker_list() == [], "it has left", timeout=GRACE)
    assert task.status() == "PENDING"
