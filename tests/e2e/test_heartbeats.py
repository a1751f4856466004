"""Heartbeats of workers and of other processes: who beats, who hears signals, and what ends with whom."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.fleet import Fleet, await_renewal, beaters_of, ended, remaining
from tests.servers import PrivateServer

OFTEN = 0.3


def test_a_worker_tells_its_key_and_renews_it(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=OFTEN)
    fleet.start()
    key = rrq.worker_info("w")["w"].heartbeat_key
    assert key == "lab:worker:w:heartbeat"
    with fleet.server.client() as client:
        assert float(client.get(key)) == pytest.approx(3 * OFTEN)
    await_renewal(fleet.server, key)
    assert fleet.log()[:3] == [f"HEARTBEAT {key}", "HEARTBEAT OK", "ALIVE"]


def test_a_worker_that_leaves_takes_its_key_and_its_beater_along(fleet: Fleet) -> None:
    process = fleet.start()
    beater = fleet.beater()
    rrq.worker_stop("w", timeout=10)
    assert ended(process)[0] == 0
    wait_until(lambda: not beater.is_running(), "the beater has ended")
    assert remaining(fleet.server, "lab:worker:w:heartbeat") == -2
    assert fleet.log()[-2:] == ["HEARTBEAT stopping", "STOP OK (BYE)"]


def test_without_a_period_there_is_neither_key_nor_beater(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=None)
    fleet.start()
    assert rrq.worker_info("w")["w"].heartbeat_key is None
    assert beaters_of(fleet.process()) == []


def test_a_beater_that_dies_is_replaced(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=2)
    fleet.start()
    first = fleet.beater()
    first.kill()
    wait_until(lambda: beaters_of(fleet.process()) not in ([], [first]), "there is another beater")
    fleet.beater()
    await_renewal(fleet.server, "lab:worker:w:heartbeat")
    assert fleet.status() == "IDLE"
    assert not any(line.startswith("LOST") for line in fleet.log())


def test_workers_whose_parent_dies_have_themselves_beaten_for(fleet: Fleet) -> None:
    fleet.configure(heartbeat_period=2)
    parent = fleet.start("--workers", "2", ids=("w_1", "w_2"))
    parent.kill()
    for worker in ("w_1", "w_2"):
        fleet.beater(worker)
        await_renewal(fleet.server, f"lab:worker:{worker}:heartbeat")
        assert fleet.status(worker) == "IDLE"
        assert not any(line.startswith("LOST") for line in fleet.log(worker))


def test_a_signal_reaches_a_worker_by_its_heartbeat(fleet: Fleet) -> None:
    process = fleet.start()
    fleet.beater()
    rrq.heartbeat_kill("lab:worker:w:heartbeat", url=fleet.server.url)
    assert ended(process)[0] == 0
    assert fleet.log()[-1] == "STOP OK (SIGTERM)"


def test_a_worker_of_a_parent_is_killed_by_its_heartbeat_alone(fleet: Fleet) -> None:
    fleet.start("--workers", "2", ids=("w_1", "w_2"))
    rrq.heartbeat_kill("lab:worker:w_2:heartbeat", signal.SIGKILL, url=fleet.server.url)
    wait_until(lambda: fleet.status("w_2") == "LOST", "it is gone")
    assert fleet.log("w_2")[-1] == "LOST killed by SIGKILL"
    assert fleet.status("w_1") == "IDLE"


HOLDER = """
import sys, time
import rrq_core as rrq
heartbeat = rrq.Heartbeat("my:own:key", {period}, expire={expire}, value="here", url=sys.argv[1])
print("started", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def holder(server: PrivateServer) -> "Iterator[subprocess.Popen[str]]":
    """A process that has a heartbeat of its own."""
    script = HOLDER.format(period=OFTEN, expire=3 * OFTEN)
    process = subprocess.Popen([sys.executable, "-c", script, server.url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    yield process
    process.kill()
    process.communicate()


def test_any_process_has_a_heartbeat_that_ends_with_it(server: PrivateServer, holder: "subprocess.Popen[str]") -> None:
    with server.client() as client:
        assert client.get("my:own:key") == b"here"
    await_renewal(server, "my:own:key")
    (beater,) = beaters_of(psutil.Process(holder.pid))
    holder.kill()
    holder.wait()
    wait_until(lambda: not beater.is_running(), "the beater has ended", timeout=2)
    wait_until(lambda: remaining(server, "my:own:key") == -2, "the key has lapsed")


def test_a_signal_reaches_any_process_by_its_heartbeat(server: PrivateServer, holder: "subprocess.Popen[str]") -> None:
    rrq.heartbeat_kill("my:own:key", signal.SIGINT, url=server.url)
    assert holder.wait(timeout=10) == -signal.SIGINT


def test_the_signal_0_ends_the_heartbeat_and_not_the_process(server: PrivateServer) -> None:
    with rrq.Heartbeat("zero", OFTEN, url=server.url) as heartbeat:
        rrq.heartbeat_kill("zero", 0, url=server.url)
        wait_until(lambda: not heartbeat.is_running(), "it is stopped")
        wait_until(lambda: remaining(server, "zero") == -2, "the key has lapsed")


def test_a_heartbeat_that_was_stopped_can_be_started_again(server: PrivateServer) -> None:
    heartbeat = rrq.Heartbeat("again", OFTEN, url=server.url)
    assert heartbeat.is_running()
    heartbeat.stop()
    assert not heartbeat.is_running()
    wait_until(lambda: remaining(server, "again") == -2, "the key has lapsed")
    heartbeat.start()
    assert remaining(server, "again") > 0
    heartbeat.stop(wait=False)


def test_a_heartbeat_is_not_hit_by_a_signal_that_was_for_another(server: PrivateServer) -> None:
    with server.client() as client:
        client.rpush("late:kill", 0)
    with rrq.Heartbeat("late", OFTEN, url=server.url) as heartbeat:
        await_renewal(server, "late")
        assert heartbeat.is_running()


def test_a_heartbeat_that_does_not_begin_in_time_is_an_error_and_leaves_nothing(server: PrivateServer) -> None:
    with pytest.raises(rrq.HeartbeatTimeout, match="'slow' did not begin within 0 s"):
        rrq.Heartbeat("slow", OFTEN, url=server.url, timeout=0)
    assert beaters_of(psutil.Process(os.getpid())) == []


def test_a_server_that_is_not_there_is_an_error_at_once() -> None:
    with pytest.raises(rrq.BackendUnavailable):
        rrq.Heartbeat("nowhere", OFTEN, url="redis://127.0.0.1:1")


def test_a_signal_for_nobody_is_an_error(server: PrivateServer) -> None:
    with pytest.raises(rrq.HeartbeatNotFound, match="'nobody'"):
        rrq.heartbeat_kill("nobody", url=server.url)
