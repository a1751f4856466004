"""The handle of workers that were started together: which it means, and how their end is waited for."""

import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.client import ending
from rrq_core.client.ending import Ending
from rrq_core.client.started import StartedWorkers
from rrq_core.errors import BackendUnavailable
from rrq_core.model.ids import WorkerId
from rrq_core.testing.waiting import wait_until
from tests.unit.client.calls import GATES, wait_at

W = WorkerId("w_1")


class Scripted(StartedWorkers):
    """A worker that is alive as a script says: a word a look. It notes how it was asked to stop."""

    def __init__(self, *looks: str, has_ended: bool = False) -> None:
        super().__init__({W: Path("w_1")})
        self._looks = list(looks)
        self._has_ended = has_ended
        self.asked = 0

    def alive(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        look = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        if look == "away":
            raise BackendUnavailable("the server is away")
        return {W} if look == "alive" else set()

    def come_up(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        return set(ids)

    def failed(self, ids: Iterable[WorkerId]) -> set[WorkerId]:
        return set()

    def have_ended(self) -> bool:
        return self._has_ended

    def printed_besides(self) -> Path | None:
        return None

    def ask_to_stop(self) -> None:
        self.asked += 1

    def stop_now(self) -> None:
        self._has_ended = True


def test_ids_and_positions_mean_the_same_workers(workers: rrq.WorkerManager) -> None:
    assert workers.is_alive(-1) == workers.is_alive("w_2") == {"w_2": True}
    assert workers.is_alive([1, "w_1"]) == {"w_2": True, "w_1": True}
    assert workers.stop([0], timeout=10) == ["w_1"]
    wait_until(lambda: workers.is_alive() == {"w_1": False, "w_2": True}, "the first has ended")


@pytest.mark.parametrize("which", [2, -3, "ghost", True, ["w_1", 2]])
def test_what_is_not_among_them_is_refused(workers: rrq.WorkerManager, which: object) -> None:
    for method in (workers.is_alive, workers.stop, workers.kill):
        with pytest.raises((rrq.InvalidArgument, rrq.WorkerNotFound)):
            method(which)  # type: ignore[operator]
    assert rrq.worker_list() == ["w_1", "w_2"]


def test_threads_cannot_be_killed(workers: rrq.WorkerManager) -> None:
    with pytest.raises(rrq.InvalidArgument, match="thread"):
        workers.kill()
    assert rrq.worker_list() == ["w_1", "w_2"]


def test_waiting_again_for_those_that_are_up_is_fine(workers: rrq.WorkerManager) -> None:
    workers.wait_alive(timeout=0)
    with pytest.raises(rrq.InvalidArgument, match="timeout"):
        workers.wait_alive(timeout=-1)


def test_an_end_is_waited_for_with_a_word(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ending, "SAY_AFTER", 0.05)
    gate = GATES["a word"] = threading.Event()
    task = q.submit(wait_at, "a word")
    with rrq.worker_spawn(1, worker_id_base="slow"):
        wait_until(lambda: task.status() == "RUNNING", "the task runs")
        threading.Timer(0.3, gate.set).start()
    assert "waiting for the tasks of slow_1 to end; Ctrl-C stops them now" in capsys.readouterr().err
    assert task.status() == "COMPLETE"


def test_the_end_comes_when_workers_die(q: rrq.Controller) -> None:
    assert Ending(q, Scripted("dead")).has_come_within(0)


def test_while_the_store_is_away_workers_are_asked_once_by_other_means_and_waited_for(q: rrq.Controller) -> None:
    started = Scripted("away", "away", "dead")
    assert Ending(q, started).has_come_within(10)
    assert started.asked == 1


def test_without_the_store_the_end_of_processes_is_enough(q: rrq.Controller) -> None:
    assert Ending(q, Scripted("away", has_ended=True)).has_come_within(0)


def test_what_does_not_end_is_not_waited_for_beyond_the_time(q: rrq.Controller) -> None:
    assert not Ending(q, Scripted("away")).has_come_within(0.05)


def test_a_controller_that_was_closed_before_does_not_hinder_the_end(url: str) -> None:
    with rrq.connect("lab", url) as other:
        manager = rrq.worker_spawn(1, controller=other)
        keeper = rrq.connect("lab", url)
    with manager:
        pass
    assert manager.is_alive() == {manager.id[0]: False}
    keeper.close()
