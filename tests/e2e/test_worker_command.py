"""The command `rrq-worker` as people and supervisors meet it: real processes, signals, and servers that go away."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import QueueId, WorkerId
from rrq_core.model.setting import QUEUE_CONFIGURATION, worker_config_name
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.plugins import open_backend
from rrq_core.testing.waiting import wait_until
from tests.e2e.worker_lab import COMMAND, TASKS, Lab
from tests.servers import PrivateServer, private_server


@pytest.fixture
def server() -> Iterator[PrivateServer]:
    with private_server() as server:
        yield server


@pytest.fixture
def lab(server: PrivateServer) -> Iterator[Lab]:
    (server.directory / "tasks_of_w.py").write_text(TASKS)
    backend = open_backend(server.url, QueueId("lab"))
    defaults = {QUEUE_CONFIGURATION: b"{}", worker_config_name("localhost"): WorkerConfig().to_json()}
    backend.settings.connect("test", b"{}", defaults)
    made = Lab(server=server, backend=backend)
    yield made
    made.kill_all()
    sys.modules.pop("tasks_of_w", None)
    backend.close()


def ended(worker: "subprocess.Popen[str]", timeout: float = 10.0) -> tuple[int, str, str]:
    printed, said = worker.communicate(timeout=timeout)
    return worker.returncode, printed, said


def sleepers(lab: Lab) -> int:
    with lab.server.client() as client:
        return client.info("clients")["blocked_clients"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_leaves_at_once_when_it_is_asked(lab: Lab, number: signal.Signals) -> None:
    lab.backend.settings.put(worker_config_name("patient"), WorkerConfig(poll_queue=1000).to_json())
    worker = lab.start("--config", "patient")
    wait_until(lambda: sleepers(lab) == 1, "the worker sleeps")
    worker.send_signal(number)
    assert ended(worker)[::2] == (0, "")
    assert lab.status_of_worker() == WorkerStatus.EXITED
    assert lab.log()[-1] == f"STOP OK ({number.name})"


def test_a_busy_worker_finishes_its_task_and_takes_no_other(lab: Lab) -> None:
    worker = lab.start()
    first = lab.submit_and_await_start("work", str(lab.directory / "until"))
    second = lab.submit("nothing")
    worker.send_signal(signal.SIGTERM)
    (lab.directory / "until").touch()
    assert ended(worker)[::2] == (0, "")
    assert lab.value(first) == worker.pid
    assert lab.record(second).status == TaskStatus.PENDING
    assert lab.log()[-1] == "STOP OK (SIGTERM)"


def test_a_second_signal_stops_it_now_and_the_task_dies_with_the_reason(lab: Lab) -> None:
    worker = lab.start()
    task = lab.submit_and_await_start("clean_up", str(lab.directory / "cleaned"))
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGINT)
    assert ended(worker)[::2] == (1, "")
    record = lab.record(task)
    assert record.status == TaskStatus.DIED
    assert record.reason is not None
    assert re.search(r"\bw: .*\bSIG(INT|TERM)\b", record.reason.detail)
    assert (lab.directory / "cleaned").exists()
    assert lab.status_of_worker() == WorkerStatus.EXITED
    assert lab.backend.queue.check() == []


def test_a_task_that_catches_everything_is_stopped_all_the_same(lab: Lab) -> None:
    worker = lab.start()
    task = lab.submit_and_await_start("deaf")
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGINT)
    assert ended(worker, timeout=20)[::2] == (1, "")
    assert lab.record(task).status == TaskStatus.DIED


def test_a_third_signal_ends_it_on_the_spot(lab: Lab) -> None:
    # Without a heartbeat, since its beater would say at once that the worker is lost.
    lab.backend.settings.put(worker_config_name("alone"), WorkerConfig(heartbeat_period=None).to_json())
    worker = lab.start("--config", "alone")
    task = lab.submit_and_await_start("deaf")
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGINT)
    wait_until(lambda: again(worker), "it has ended", timeout=4)
    assert ended(worker)[0] == 1
    assert lab.record(task).status == TaskStatus.RUNNING


def again(worker: "subprocess.Popen[str]") -> bool:
    """Send SIGTERM to a worker; whether it has ended."""
    worker.send_signal(signal.SIGTERM)
    return worker.poll() is not None


def test_processes_that_a_task_forks_end_by_sigterm(lab: Lab) -> None:
    lab.start()
    assert lab.value(lab.submit("end_a_fork")) == -signal.SIGTERM


def test_a_server_that_dies_and_comes_back_loses_neither_worker_nor_result(lab: Lab) -> None:
    worker = lab.start()
    task = lab.submit_and_await_start("work", str(lab.directory / "until"))
    lab.server.kill()
    (lab.directory / "until").touch()
    lab.server.start()
    assert lab.value(task) == worker.pid
    assert lab.record(task).attempt == 1
    lab.server.kill()
    lab.server.start()
    assert lab.value(lab.submit("nothing")) is None
    assert worker.poll() is None


def test_a_result_that_is_too_large_for_the_server_is_the_error_of_its_task(lab: Lab) -> None:
    worker = lab.start()
    with lab.server.client() as client:
        client.config_set("proto-max-bulk-len", "1mb")
    failure = lab.failure(lab.submit("give", 3_000_000))
    assert "too large" in failure.message
    assert "offload" in failure.message
    assert lab.value(lab.submit("nothing")) is None
    assert worker.poll() is None


def test_a_worker_that_loses_its_rights_says_so_and_signs_off(lab: Lab) -> None:
    worker = lab.start()
    with lab.server.client() as client:
        client.acl_setuser("default", enabled=True, commands=["-blpop"])
    lab.submit("nothing")  # wakes it, if it sleeps
    status, _, said = ended(worker)
    assert (status, said.count("\n")) == (1, 1)
    assert "blpop" in said
    assert lab.status_of_worker() == WorkerStatus.EXITED


def test_a_busy_worker_costs_the_server_one_script_a_task(lab: Lab) -> None:
    lone = WorkerConfig(heartbeat_period=None)  # its beater would wait for signals meanwhile
    lab.backend.settings.put(worker_config_name("localhost"), lone.to_json())
    tasks = [lab.submit("nothing") for _ in range(200)]
    with lab.server.client() as client:
        client.config_resetstat()
        lab.start()
        wait_until(lambda: f"TASK_COMPLETE {tasks[-1]}" in lab.log(), "all are done", timeout=30)
        calls = {name: counted["calls"] for name, counted in client.info("commandstats").items()}
    assert 200 <= calls["cmdstat_evalsha"] < 220  # with what it has done since, idle, until it was looked at
    assert calls.get("cmdstat_blpop", 0) < 20


def test_it_prints_its_log_and_tells_where_that_goes(lab: Lab) -> None:
    worker = lab.start("--process-log", "/somewhere/w.log")
    assert lab.backend.workers.read([WorkerId("w")], frozenset(WorkerStatus))[0].process_log == "/somewhere/w.log"
    lab.value(lab.submit("nothing"))
    worker.send_signal(signal.SIGTERM)
    status, printed, _ = ended(worker)
    assert status == 0
    assert [line.split(" ", 1)[1] for line in printed.splitlines()] == lab.log()


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ([], 2, "QUEUE_ID"),
        (["lab", "--fast"], 2, "--fast"),
        ([""], 2, "queue id"),
        (["lab", "--worker-id", "two\nlines"], 2, "worker id"),
        (["lab", "--url", "carrier-pigeon://here"], 2, "'carrier-pigeon'"),
        (["lab", "--url", "memory://here"], 2, "worker_spawn"),
        (["lab", "--url", "unix:///nowhere/socket"], 1, "/nowhere/socket"),
    ],
)
def test_wrong_use_is_told_in_one_line(words: list[str], status: int, says: str) -> None:
    ran = subprocess.run([COMMAND, *words], capture_output=True, text=True, timeout=30)
    assert ran.returncode == status
    assert says in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


def test_an_unknown_configuration_and_an_id_that_is_taken_are_wrong_use_too(lab: Lab) -> None:
    unknown = lab.start("--config", "fast")
    status, _, said = ended(unknown)
    assert (status, said.count("\n")) == (2, 1)
    assert "'fast'" in said
    assert "'localhost'" in said
    lab.start()
    status, _, said = ended(lab.start())
    assert (status, said.count("\n")) == (2, 1)
    assert "'w'" in said


def test_a_queue_that_is_destroyed_ends_its_workers_with_a_word(lab: Lab) -> None:
    lab.backend.settings.put(worker_config_name("localhost"), WorkerConfig(poll_queue=0.1).to_json())
    worker = lab.start()
    lab.backend.queue.destroy()
    status, _, said = ended(worker)
    assert (status, said.count("\n")) == (1, 1)
    assert "'lab'" in said
