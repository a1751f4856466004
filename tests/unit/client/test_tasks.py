"""Looking at tasks and queues, and deleting."""

import threading
from datetime import UTC, datetime

import pytest

import rrq_core as rrq
from rrq_core.model.ids import new_task_id
from rrq_core.testing.waiting import wait_until
from tests.unit.client.calls import GATES, double, fail, wait_at

GRACE = 10


def test_one_task_gives_one_answer_several_a_list_and_named_a_dict(q: rrq.Controller) -> None:
    task, unknown = q.submit(double, 1), new_task_id()
    assert rrq.task_status(task) == "PENDING"
    assert rrq.task_status(task.id) is rrq.TaskStatus.PENDING
    assert rrq.task_status((task, unknown)) == ["PENDING", "MISSING"]
    assert rrq.task_status([task.id], named=True) == {task.id: "PENDING"}
    assert rrq.task_exists(task)
    assert rrq.task_exists([task, unknown]) == [True, False]
    assert rrq.task_exists(unknown, named=True) == {unknown: False}
    assert rrq.task_status([]) == []


def test_an_overview_counts_every_status(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    tasks = [q.submit(double, 1), q.submit(double, 2), q.submit(fail, "on purpose")]
    rrq.task_wait(tasks, GRACE)
    assert rrq.task_overview() == dict.fromkeys(rrq.TaskStatus, 0) | {"COMPLETE": 2, "ERROR": 1}
    assert rrq.task_overview([tasks[0], new_task_id()]) == dict.fromkeys(rrq.TaskStatus, 0) | {
        "COMPLETE": 1,
        "MISSING": 1,
    }


def test_times_are_those_of_the_servers_clock(q: rrq.Controller) -> None:
    times, none = rrq.task_times([q.submit(double, 1), new_task_id()])
    submitted = times.as_datetime()["submit"]
    assert submitted is not None
    assert abs((datetime.now(UTC) - submitted).total_seconds()) < GRACE
    assert none == rrq.TaskTimes()


def test_deleted_tasks_leave_nothing(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    tasks = q.map(double, range(5))
    tasks.wait(GRACE)
    rrq.task_delete(tasks[:2])
    assert sorted(rrq.task_list()) == sorted(task.id for task in tasks[2:])
    rrq.task_delete(task.id for task in tasks[2:])
    assert rrq.task_list() == []
    assert list(q.backend.objects.hashes()) == []


def test_unknown_and_running_tasks_are_not_deleted(q: rrq.Controller) -> None:
    gate = GATES["delete"] = threading.Event()
    task = q.submit(double, 1)
    with pytest.raises(rrq.TaskNotFound, match="nothing was deleted"):
        rrq.task_delete([task, new_task_id()])
    rrq.task_delete(task)
    running = q.submit(wait_at, "delete")
    with rrq.worker_spawn(1):
        wait_until(lambda: running.status() == "RUNNING", "the task runs")
        with pytest.raises(rrq.TaskInUse):
            running.delete()
        running.delete(check=False)
        gate.set()
    assert rrq.task_list() == []


def test_queues_tell_who_is_next(q: rrq.Controller) -> None:
    first, second, third = q.map(double, range(3))
    assert rrq.queue_length() == 3
    assert rrq.queue_length("attic") == 0
    assert rrq.queue_list() == [first.id, second.id, third.id]
    assert rrq.task_position(second) == 2
    assert rrq.task_position([third, new_task_id()], missing=-1) == [3, -1]
    assert rrq.task_position(first, queue="attic") == 0
    assert rrq.task_preceding(third) == [first.id, second.id]
    assert rrq.task_preceding(first) == []
    assert rrq.task_preceding(first, queue="attic") is None


def test_places_in_a_queue_and_what_was_taken_out_are_given_by_id_where_that_is_asked_for(q: rrq.Controller) -> None:
    first, second = q.submit(double, 1), q.submit(double, 2)
    assert rrq.task_position([first, second], named=True) == {first.id: 1, second.id: 2}
    assert rrq.queue_remove(first, named=True) == {first.id: True}


def test_a_removed_task_is_cancelled(q: rrq.Controller) -> None:
    first, second, third = q.map(double, range(3))
    assert rrq.queue_remove(second)
    assert rrq.queue_remove([first, second]) == [True, False]
    assert rrq.task_status([first, second, third]) == ["CANCELLED", "CANCELLED", "PENDING"]
    assert rrq.queue_list() == [third.id]


@pytest.mark.parametrize("name", ["", "x" * 201, "two\nlines", 3])
def test_a_queue_name_that_is_none_is_refused(q: rrq.Controller, name: str) -> None:
    for call in (rrq.queue_length, rrq.queue_list):
        with pytest.raises(rrq.InvalidName, match="queue name"):
            call(name)
    with pytest.raises(rrq.InvalidName, match="queue name"):
        rrq.queue_remove(new_task_id(), name)
