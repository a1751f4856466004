"""Starting, looking at and stopping workers, here in threads."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.unit.client.calls import GATES, double, wait_at

GRACE = 10


def test_spawned_workers_have_ids_with_numbers_and_are_stopped_by_the_block(q: rrq.Controller) -> None:
    with rrq.worker_spawn(3, worker_id_base="lab") as manager:
        assert manager.id == ["lab_1", "lab_2", "lab_3"] == rrq.worker_list()
        assert manager.is_alive() == dict.fromkeys(manager.id, True)
    assert manager.is_alive() == dict.fromkeys(manager.id, False)
    assert rrq.worker_list() == []
    assert rrq.worker_list_exited() == manager.id


def test_leaving_the_block_lets_tasks_end(q: rrq.Controller) -> None:
    gate = GATES["leaving"] = threading.Event()
    with rrq.worker_spawn(1):
        task = q.submit(wait_at, "leaving")
        wait_until(lambda: task.status() == "RUNNING", "the task runs")
        threading.Timer(0.2, gate.set).start()
    assert task.status() == "COMPLETE"


def test_a_block_that_fails_does_not_wait_for_ever(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rrq_core.client.worker_manager.GRACE", 0.1)
    gate = GATES["failing"] = threading.Event()
    task, manager = q.submit(wait_at, "failing"), rrq.worker_spawn(1)
    wait_until(lambda: task.status() == "RUNNING", "the task runs")
    with pytest.raises(RuntimeError, match="on purpose"), manager:
        raise RuntimeError("on purpose")
    gate.set()
    wait_until(lambda: not any(manager.is_alive().values()), "the thread has ended")


def test_a_worker_is_known_with_all_that_it_tells(workers: rrq.WorkerManager) -> None:
    assert rrq.worker_len() == 2
    assert rrq.worker_exists("w_1")
    assert not rrq.worker_exists("w_3")
    wait_until(lambda: set(rrq.worker_status().values()) == {"IDLE"}, "both are idle")
    assert rrq.worker_status("w_2") == {"w_2": "IDLE"}
    assert rrq.worker_task_id() == {"w_1": None, "w_2": None}
    info = rrq.worker_info(["w_1"])["w_1"]
    assert info is not None
    assert info.queues == ("default",)


def test_a_busy_worker_tells_its_task(q: rrq.Controller) -> None:
    gate = GATES["busy worker"] = threading.Event()
    task = q.submit(wait_at, "busy worker")
    with rrq.worker_spawn(1, worker_id_base="w"):
        wait_until(lambda: rrq.worker_task_id() == {"w_1": task.id}, "the worker has the task")
        assert rrq.worker_status() == {"w_1": "BUSY"}
        gate.set()


def test_the_configuration_says_which_queues(q: rrq.Controller) -> None:
    assert rrq.worker_config_save("fast", rrq.worker_config(queue=["fast", "slow"]))
    assert not rrq.worker_config_save("fast", rrq.worker_config(), overwrite=False)
    with rrq.worker_spawn(1, name_config="fast") as manager:
        info = rrq.worker_info(manager.id)[manager.id[0]]
        assert info is not None
        assert info.queues == ("fast", "slow", "default")
        assert q.options(queue="slow").submit(double, 2).result(GRACE) == 4


def test_logs_are_read_by_worker(q: rrq.Controller, tmp_path: Path) -> None:
    with rrq.worker_spawn(2, logdir=tmp_path / "new", worker_id_base="w") as manager:
        task = q.submit(double, 1)
        task.wait(GRACE)
        started = [entry for entry in rrq.worker_log_tail(n=None) if entry.command == "TASK_START"]
        assert [entry.message for entry in started] == [task.id]
        assert len(rrq.worker_log_tail(n=1)) == 2
        worker = started[0].worker_id
        assert (tmp_path / "new" / worker).read_text().splitlines() == rrq.worker_process_log(worker)
        assert any(task.id in line for line in manager.logs(worker))
    assert "STOP" in manager.logs(manager.id.index(worker))[-1]


def test_logs_without_a_directory_go_to_one_of_this_process(workers: rrq.WorkerManager) -> None:
    assert any("ALIVE" in line for line in workers.logs(0))
    assert workers.logs(0) == rrq.worker_process_log("w_1")


def test_stopping_asks_and_waiting_for_it_is_a_choice(q: rrq.Controller) -> None:
    manager = rrq.worker_spawn(3, worker_id_base="w")
    assert rrq.worker_stop("w_2", timeout=GRACE) == ["w_2"]
    assert rrq.worker_list() == ["w_1", "w_3"]
    assert rrq.worker_stop("w_2") == []
    assert manager.stop([0, 1]) == ["w_1"]
    assert manager.stop(timeout=GRACE, ids=None) in (["w_3"], ["w_1", "w_3"])
    wait_until(lambda: not any(manager.is_alive().values()), "all have left")
    assert rrq.worker_stop() == []


def test_a_busy_worker_is_not_gone_in_time(q: rrq.Controller) -> None:
    gate = GATES["stubborn"] = threading.Event()
    task = q.submit(wait_at, "stubborn")
    with rrq.worker_spawn(1, worker_id_base="w"):
        wait_until(lambda: task.status() == "RUNNING", "the task runs")
        with pytest.raises(rrq.WorkerTimeout, match="w_1"):
            rrq.worker_stop(timeout=0.1)
        gate.set()


def test_waiting_for_workers_names_those_that_are_missing(q: rrq.Controller) -> None:
    with rrq.worker_spawn(1, worker_id_base="w"):
        rrq.worker_wait("w_1", timeout=GRACE)
        with pytest.raises(rrq.WorkerTimeout, match=r"0\.05 s: w_2;"):
            rrq.worker_wait(["w_1", "w_2"], timeout=0.05)


def test_an_id_that_is_alive_is_refused_and_nobody_is_started(workers: rrq.WorkerManager) -> None:
    with pytest.raises(rrq.WorkerIdTaken, match="w_1"):
        rrq.worker_spawn(3, worker_id_base="w")
    assert rrq.worker_list() == ["w_1", "w_2"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rrq.worker_spawn(0), "n is how many"),
        (lambda: rrq.worker_spawn(True), "n is how many"),
        (lambda: rrq.worker_spawn(name_config="turbo"), "'turbo'.*'localhost'"),
        (lambda: rrq.worker_spawn(worker_id_base="a/b"), "no /"),
        (lambda: rrq.worker_spawn(worker_id_base="x" * 199), "199|201"),
        (lambda: rrq.worker_spawn(logdir="/dev/null/logs"), "logdir"),
        (lambda: rrq.worker_spawn(timeout=-1), "timeout"),
        (lambda: rrq.worker_spawn(name_config=None), "name of a worker configuration is a string"),  # type: ignore[arg-type]
        (lambda: rrq.worker_stop(type=["kill"]), r"\['kill'\]"),  # type: ignore[arg-type]
        (lambda: rrq.worker_stop(type="shoot"), "'shoot'.*'message', 'kill', 'kill_local'"),
        (lambda: rrq.worker_stop(type="kill"), "memory://.* are threads"),
        (lambda: rrq.worker_stop(type="kill_local"), "memory://.* are threads"),
        (lambda: rrq.worker_stop([]), "no worker was named"),
        (lambda: rrq.worker_wait([]), "no worker was named"),
        (lambda: rrq.worker_wait(3), "worker id"),  # type: ignore[arg-type]
        (lambda: rrq.worker_status("ghost"), "'ghost'"),
        (lambda: rrq.worker_stop(["ghost"]), "'ghost'"),
        (lambda: rrq.worker_process_log("ghost"), "'ghost'"),
        (lambda: rrq.worker_log_tail(n=-2), "-2"),
        (lambda: rrq.worker_config(poll_queue=0), "poll_queue"),
        (lambda: rrq.worker_config_save("", rrq.worker_config()), "name of a worker configuration"),
        (lambda: rrq.worker_config_save("x", {}), "worker_config"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_refused(q: rrq.Controller, call: Callable[[], object], message: str) -> None:
    with pytest.raises((ValueError, LookupError), match=message):
        call()
    assert rrq.worker_list() == []


def test_a_manager_knows_its_own_workers_only(workers: rrq.WorkerManager) -> None:
    assert workers.is_alive(0) == {"w_1": True}
    assert workers.is_alive(["w_2", 0]) == {"w_2": True, "w_1": True}
    with pytest.raises(rrq.WorkerNotFound, match="'ghost'"):
        workers.is_alive("ghost")
    with pytest.raises(rrq.InvalidArgument, match="position 2"):
        workers.logs(2)
