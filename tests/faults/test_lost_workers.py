"""Workers that are lost, by whatever: it is found out, told with its reason, and nobody who comes back does harm."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.fleet import Fleet, ended, fleet_on
from tests.servers import PrivateServer

AT_ONCE = 1.0
OFTEN = 0.4
"""A period; its heartbeat lapses after three."""


@pytest.fixture
def fleet(server: PrivateServer) -> Iterator[Fleet]:
    with fleet_on(server, __name__) as fleet:
        yield fleet


def wait_for(path: str) -> int:
    while not os.path.exists(path):
        time.sleep(0.01)
    return os.getpid()


def hold_the_lock(seconds: int) -> int:
    """Sleep in C code that never lets go of the interpreter's lock."""
    ctypes.PyDLL(None).sleep(seconds)
    return seconds


def endless(fleet: Fleet, **options: object) -> rrq.Task:
    return fleet.queue.options(**options).submit(wait_for, str(fleet.server.directory / "never"))


def kill(fleet: Fleet, worker: str, number: int = signal.SIGKILL) -> float:
    """Send a signal to a worker's process, and give the time."""
    process = fleet.process(worker)
    now = time.monotonic()
    process.send_signal(number)
    return now


def test_a_parent_tells_at_once_which_signal_has_killed_its_worker(fleet: Fleet) -> None:
    fleet.start("--workers", "2", ids=("w_1", "w_2"))
    task = endless(fleet)
    worker = fleet.running(task)
    kill(fleet, worker)
    wait_until(lambda: task.status() == "DIED", "the task has died", timeout=AT_ONCE)
    with pytest.raises(rrq.TaskError, match=f"{worker}: killed by SIGKILL"):
        task.result()
    assert fleet.status(worker) == "LOST"
    assert fleet.log(worker)[-1] == "LOST killed by SIGKILL"


def test_a_beater_tells_at_once_that_the_worker_which_started_it_has_ended(fleet: Fleet) -> None:
    fleet.start()
    fleet.await_beat()
    task = endless(fleet)
    kill(fleet, fleet.running(task))
    wait_until(lambda: task.status() == "DIED", "the task has died", timeout=AT_ONCE)
    with pytest.raises(rrq.TaskError, match="w: its process has ended"):
        task.result()
    assert fleet.status() == "LOST"


def test_what_a_killed_worker_ran_runs_elsewhere_within_a_second(fleet: Fleet) -> None:
    fleet.start("--workers", "2", ids=("w_1", "w_2"))
    task = endless(fleet, on_lost="requeue")
    worker = fleet.running(task)
    killed_at = kill(fleet, worker)
    wait_until(lambda: task.info().worker != worker and task.status() == "RUNNING", "it runs elsewhere")
    assert time.monotonic() - killed_at < AT_ONCE
    assert [attempt.status for attempt in task.info().attempts][:1] == ["DIED"]


def test_a_poisonous_task_does_not_kill_more_workers_than_it_has_attempts(fleet: Fleet) -> None:
    fleet.start("--workers", "3", ids=("w_1", "w_2", "w_3"))
    task = fleet.queue.options(on_lost="requeue", max_attempts=2).submit(os._exit, 7)
    wait_until(lambda: task.status() == "DIED", "it is not tried any more")
    with pytest.raises(rrq.TaskError, match="exit status 7"):
        task.result()
    assert len(rrq.worker_list()) == 1
    assert rrq.check().ok


def test_a_worker_that_stood_still_with_its_beater_is_lost_and_comes_back_without_its_task(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=OFTEN)
    fleet.start()
    beater = fleet.beater()
    go = fleet.server.directory / "go"
    task = fleet.queue.submit(wait_for, str(go))
    fleet.running(task)
    beater.suspend()
    kill(fleet, "w", signal.SIGSTOP)
    assert wait_until(rrq.worker_detect_exited, "it is found to be lost") == {"w": task.id}
    assert task.status() == "DIED"
    go.touch()
    beater.resume()
    kill(fleet, "w", signal.SIGCONT)
    wait_until(lambda: fleet.status() == "IDLE", "it is back")
    assert task.status() == "DIED"
    wait_until(lambda: "LOST" in fleet.log(), "it says that it was lost")
    assert fleet.queue.submit(os.getpid).result(timeout=10) == fleet.process().pid
    assert rrq.check().ok


def test_all_are_found_within_three_periods_and_a_second_where_nobody_saw_it(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=OFTEN)
    fleet.start()
    fleet.start("--worker-id", "other", ids=("other",))
    beater = fleet.beater()
    task = endless(fleet, on_lost="requeue")
    worker = fleet.running(task)
    if worker != "w":
        beater = fleet.beater(worker)
    beater.kill()
    killed_at = kill(fleet, worker)
    wait_until(lambda: task.info().worker != worker and task.status() == "RUNNING", "it runs elsewhere")
    assert time.monotonic() - killed_at < 3 * OFTEN + 1


def test_with_exit_when_lost_a_worker_ends_for_its_supervisor_to_start_another(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=OFTEN)
    process = fleet.start("--exit-when-lost")
    beater = fleet.beater()
    beater.suspend()
    kill(fleet, "w", signal.SIGSTOP)
    wait_until(rrq.worker_detect_exited, "it is found to be lost")
    beater.resume()
    kill(fleet, "w", signal.SIGCONT)
    status, printed = ended(process)
    assert status == 3
    assert "declared lost" in printed.splitlines()[-1]


def test_who_holds_the_interpreters_lock_is_not_dead(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=OFTEN)
    fleet.start()
    task = fleet.queue.submit(hold_the_lock, 3)
    assert task.result(timeout=30) == 3
    assert [attempt.status for attempt in task.info().attempts] == ["COMPLETE"]


def test_a_server_that_is_away_for_longer_than_heartbeats_last_costs_no_worker_and_no_attempt(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=OFTEN)
    fleet.start("--workers", "2", ids=("w_1", "w_2"))
    go = fleet.server.directory / "go"
    task = fleet.queue.submit(wait_for, str(go))
    worker = fleet.running(task)
    fleet.server.kill()
    back_at = time.monotonic() + 2 * 3 * OFTEN
    wait_until(lambda: time.monotonic() > back_at, "it was away for long")
    fleet.server.start()
    wait_until(lambda: rrq.worker_detect_exited() == {} and time.monotonic() > back_at + 3, "nobody is lost")
    go.touch()
    task.result(timeout=20)
    assert [attempt.status for attempt in task.info().attempts] == ["COMPLETE"]
    assert fleet.status(worker) in ("IDLE", "BUSY")
    assert "LOST" not in " ".join(fleet.log(worker))
