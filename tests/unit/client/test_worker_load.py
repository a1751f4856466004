"""How busy workers were: read off their logs."""

import math
import threading

import pytest

import rrq_core as rrq
from rrq_core.client.worker_load import Load, LoadChange, load_of
from rrq_core.model.ids import WorkerId
from rrq_core.model.worker import LogEntry
from rrq_core.testing.waiting import wait_until
from tests.unit.client.calls import GATES, double, wait_at


def log(*lines: tuple[float, str]) -> list[LogEntry]:
    return [LogEntry(worker_id=WorkerId("w"), child=None, time=at, command=word, message="") for at, word in lines]


def test_workers_count_from_their_first_line_and_are_used_while_they_have_a_task() -> None:
    first = log((10, "HEARTBEAT"), (10, "ALIVE"), (12, "TASK_START"), (14, "TASK_COMPLETE"))
    second = log((12, "ALIVE"), (13, "TASK_START"), (13, "REMOTE"), (16, "TASK_DIED"), (18, "STOP"))
    load = load_of([first, second], 20)
    assert [(change.time, change.used, change.available) for change in load.history] == [
        (10, 0, 1),
        (12, 1, 2),
        (13, 2, 2),
        (14, 1, 2),
        (16, 0, 2),
        (18, 0, 1),
    ]
    assert load.since == 10


def test_the_mean_is_over_time() -> None:
    load = load_of([log((10, "ALIVE"), (15, "TASK_START"), (18, "TASK_ERROR"))], 20)
    assert load.mean((4, 5, 10, 100, math.inf)) == {
        4: Load(used=0.5, available=1),
        5: Load(used=0.6, available=1),
        10: Load(used=0.3, available=1),
        100: Load(used=0.3, available=1),
        math.inf: Load(used=0.3, available=1),
    }
    assert list(load.mean()) == [1, 5, 15, math.inf]


def test_a_log_that_was_cut_is_known_from_its_first_line_and_so_is_the_whole() -> None:
    whole = log((10, "ALIVE"), (11, "TASK_START"), (16, "TASK_COMPLETE"))
    cut = log((13, "TASK_COMPLETE"), (14, "TASK_START"))
    load = load_of([whole, cut], 20)
    assert load.since == 13
    assert load.history[0] == LoadChange(time=13, used=1, available=2)
    assert load.history[-1] == LoadChange(time=16, used=1, available=2)


def test_a_cut_within_a_task_counts_the_task() -> None:
    load = load_of([log((13, "PROGRESS"), (15, "TASK_COMPLETE"))], 17)
    assert load.history == (
        LoadChange(time=13, used=1, available=1),
        LoadChange(time=15, used=0, available=1),
    )


def test_a_worker_that_was_lost_is_there_again_when_it_comes_back() -> None:
    load = load_of([log((10, "ALIVE"), (11, "TASK_START"), (12, "LOST"), (13, "LOST"), (13.5, "ALIVE"))], 20)
    assert [(change.time, change.used, change.available) for change in load.history] == [
        (10, 0, 1),
        (11, 1, 1),
        (12, 0, 0),
        (13.5, 0, 1),
    ]


def test_a_worker_stays_when_the_process_of_a_task_stops() -> None:
    stop = [LogEntry(worker_id=WorkerId("w"), child=7, time=12, command="STOP", message="OK")]
    load = load_of([[*log((10, "ALIVE"), (11, "TASK_START")), *stop, *log((13, "TASK_COMPLETE"))]], 20)
    assert [(change.time, change.used, change.available) for change in load.history] == [
        (10, 0, 1),
        (11, 1, 1),
        (13, 0, 1),
    ]


def test_nothing_is_known_of_nobody(q: rrq.Controller) -> None:
    load = rrq.worker_load()
    assert (load.since, load.history) == (None, ())
    assert load.mean([1]) == {1: Load(used=0, available=0)}
    assert str(load) == "no worker has told anything yet"


def test_a_picture_shows_the_share_of_workers_at_work() -> None:
    load = load_of([log((0, "ALIVE"), (30, "TASK_START")), log((0, "ALIVE"))], 60)
    bars, now, means = str(load).splitlines()
    assert bars == " " * 30 + "▄" * 30
    assert now == "the last 60 s; now 1 of 2 workers have a task"
    assert means == "on average 1.0 of 2.0 (1 s), 1.0 of 2.0 (5 s), 1.0 of 2.0 (15 s), 0.5 of 2.0 (all)"


@pytest.mark.parametrize("spans", [[0], [-1], [math.nan], [True], ["5"], 5])
def test_a_mean_over_no_time_is_refused(spans: list[float]) -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"numbers? of seconds"):
        load_of([log((10, "ALIVE"))], 20).mean(spans)


def test_it_is_read_by_the_clock_of_the_store(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    gate = GATES["load"] = threading.Event()
    task = q.submit(wait_at, "load")
    wait_until(lambda: str(rrq.worker_load()).count("now 1 of 2 workers") == 1, "both are known, and one is at work")
    load = rrq.worker_load()
    assert load.time >= load.history[-1].time >= (task.times().start or math.inf)
    gate.set()


def test_workers_can_be_named(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    q.submit(double, 1).result(10)
    assert rrq.worker_load("w_1").history[-1].available == 1
    with pytest.raises(rrq.WorkerNotFound, match="ghost"):
        rrq.worker_load("ghost")
