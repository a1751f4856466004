"""Workers that are gone."""

import os
import socket
from pathlib import Path

import pytest
from attrs import evolve

import rrq_core as rrq
from rrq_core.client import killing
from rrq_core.model.ids import QueueName, WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session, Take
from rrq_core.model.worker import HeartbeatTerms, NewWorker
from rrq_core.testing.builders import new_worker_info
from rrq_core.testing.waiting import wait_until
from tests.unit.client.calls import double

GRACE = 10


def register(q: rrq.Controller, worker: str, period: float | None = None, log: Path | None = None) -> Session:
    terms = None if period is None else HeartbeatTerms(period=period, expire=2 * period)
    path = None if log is None else str(log)
    info = new_worker_info()
    new = NewWorker(id=WorkerId(worker), queues=info.queues, info=info, heartbeat=terms, process_log=path)
    return q.backend.workers.register(new)


def take(q: rrq.Controller, session: Session) -> None:
    q.backend.queue.step(session, None, Take(queues=(QueueName("default"),)))


def test_workers_that_have_left_are_listed_until_they_are_deleted(q: rrq.Controller) -> None:
    with rrq.worker_spawn(2, worker_id_base="w"):
        pass
    assert rrq.worker_list_exited() == ["w_1", "w_2"]
    assert rrq.worker_delete_exited("w_2") == ["w_2"]
    assert rrq.worker_delete_exited() == ["w_1"]
    assert rrq.worker_list_exited() == rrq.worker_delete_exited() == []


def test_an_active_worker_is_not_deleted_nor_are_the_others_named_with_it(q: rrq.Controller) -> None:
    with rrq.worker_spawn(2, worker_id_base="w"):
        rrq.worker_stop("w_1", timeout=GRACE)
        wait_until(lambda: rrq.worker_status("w_2") == {"w_2": "IDLE"}, "w_2 is idle")
        with pytest.raises(rrq.InvalidArgument, match=r"'w_2' \(IDLE\).*Nothing was deleted"):
            rrq.worker_delete_exited(["w_1", "w_2"])
        assert rrq.worker_list_exited() == ["w_1"]
        assert rrq.worker_delete_exited() == ["w_1"]
        assert rrq.worker_list() == ["w_2"]


def test_unknown_workers_are_no_exited_ones(q: rrq.Controller) -> None:
    with pytest.raises(rrq.WorkerNotFound, match="'ghost'"):
        rrq.worker_delete_exited("ghost")


def test_one_without_a_heartbeat_that_went_without_a_word_is_deleted_if_it_is_named(q: rrq.Controller) -> None:
    task = q.submit(double, 1)
    take(q, register(q, "silent"))
    assert rrq.worker_delete_exited() == []
    assert rrq.worker_delete_exited("silent") == ["silent"]
    assert rrq.worker_list() == []
    assert task.status() == "DIED"
    assert rrq.check().ok


def test_one_without_a_heartbeat_that_runs_here_is_not(q: rrq.Controller) -> None:
    rrq.worker_config_save("silent", rrq.worker_config(heartbeat_period=None))
    with rrq.worker_spawn(1, worker_id_base="w", name_config="silent"):
        with pytest.raises(rrq.InvalidArgument, match="'w_1'"):
            rrq.worker_delete_exited("w_1")
        assert rrq.worker_list() == ["w_1"]


def test_a_worker_whose_heartbeat_has_lapsed_is_found_with_its_task(q: rrq.Controller) -> None:
    tasks = [q.submit(double, 1)]
    busy, idle = register(q, "busy", 0.05), register(q, "idle", 0.05)
    take(q, busy)
    take(q, idle)
    found: dict[str, str | None] = {}
    wait_until(lambda: found.update(rrq.worker_detect_exited()) or len(found) == 2, "both are found")
    assert found == {"busy": tasks[0].id, "idle": None}
    assert rrq.worker_detect_exited() == {}
    assert rrq.worker_status(["busy", "idle"]) == {"busy": "LOST", "idle": "LOST"}


def test_workers_that_beat_are_not_found(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    assert rrq.worker_detect_exited() == {}


def test_only_a_file_that_is_called_as_the_worker_is_read_as_its_log(q: rrq.Controller, tmp_path: Path) -> None:
    secret, link = tmp_path / "secret", tmp_path / "linked"
    secret.write_text("secret")
    link.symlink_to(secret)
    paths = {"thief": secret, "linked": link, "w": Path("w"), "up": tmp_path / "up" / ".." / "secret"}
    for worker, path in paths.items():
        register(q, worker, log=path)
        with pytest.raises(rrq.LogMissing, match="no log of a worker"):
            rrq.worker_process_log(worker)


def test_a_log_that_is_not_here_says_so(q: rrq.Controller, tmp_path: Path) -> None:
    register(q, "w", log=tmp_path / "w")
    register(q, "x")
    with pytest.raises(rrq.LogMissing, match="cannot be read here"):
        rrq.worker_process_log("w")
    with pytest.raises(rrq.LogMissing, match="keeps no log"):
        rrq.worker_process_log("x")


def record_of(q: rrq.Controller, **told: object):
    """What is known of a worker, which tells this of itself."""
    register(q, "w")
    (record,) = q.backend.workers.read([WorkerId("w")], frozenset(WorkerStatus))
    assert record.info is not None
    here = {"host": socket.gethostname(), "boot_id": killing.boot_id()}
    return evolve(record, info=evolve(record.info, **{**here, **told}))


@pytest.fixture
def shared(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> rrq.Controller:
    """A queue that says that other processes reach it."""
    monkeypatch.setattr(q, "_backend", evolve(q.backend, shared=True))
    return q


def test_nobody_is_killed_on_another_host(shared: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"'w' runs on 'elsewhere', and this is.*type='kill'"):
        killing.kill_here(shared, [record_of(shared, host="elsewhere")])


def test_nobody_is_killed_who_ran_before_the_last_boot(shared: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match="before its last boot"):
        killing.kill_here(shared, [record_of(shared, boot_id="another")])


def test_this_process_does_not_kill_itself(shared: rrq.Controller) -> None:
    here = {"pid": os.getpid(), "process_start": killing.process_start(os.getpid())}
    with pytest.raises(rrq.InvalidArgument, match="is this process"):
        killing.kill_here(shared, [record_of(shared, **here)])


def test_a_process_that_has_the_number_of_a_worker_by_now_is_not_killed(shared: rrq.Controller) -> None:
    assert killing.kill_here(shared, [record_of(shared, pid=os.getppid(), process_start="1")]) == []


def test_a_worker_without_a_heartbeat_cannot_be_killed_through_it(shared: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"heartbeat.*: w; type='kill_local'.*heartbeat_period="):
        killing.kill_by_heartbeat(shared, [record_of(shared)])
