"""A queue whose workers a test steps by hand."""

import os
import threading
from collections.abc import Callable

import pytest

import rrq_core as rrq
from rrq_core.errors import Closed
from rrq_core.testing import Harness, ManualClock, harness


def submit_more() -> None:
    rrq.task_create_call(submit_more)


def test_nothing_runs_until_it_is_stepped(rrq_harness: Harness) -> None:
    task = rrq_harness.queue.submit(abs, -1)
    assert task.status() == "PENDING"
    assert rrq_harness.step()
    assert task.result() == 1


def test_a_task_runs_in_the_thread_of_the_test(rrq_harness: Harness) -> None:
    task = rrq_harness.queue.submit(threading.get_ident)
    rrq_harness.step()
    assert task.result() == threading.get_ident()


def test_a_step_tells_whether_there_was_anything(rrq_harness: Harness) -> None:
    assert not rrq_harness.step()


def test_all_that_there_is_to_do_is_done_and_counted(rrq_harness: Harness) -> None:
    first = rrq_harness.queue.submit(abs, -1)
    second = rrq_harness.queue.submit(abs, first)
    assert rrq_harness.run_all() == 2
    assert second.result() == 1


def test_work_without_end_is_an_error(rrq_harness: Harness) -> None:
    rrq_harness.queue.submit(submit_more)
    with pytest.raises(AssertionError, match="after 5 steps"):
        rrq_harness.run_all(limit=5)


def test_its_queue_is_the_default_one(rrq_harness: Harness) -> None:
    assert rrq.task_list() == []


def test_two_harnesses_of_one_test_share_a_clock_and_no_queue(rrq_harness: Harness) -> None:
    rrq_harness.queue.submit(abs, -1)
    with harness() as another:
        assert another.clock is rrq_harness.clock
        assert rrq.task_list() == []


def test_its_clock_is_that_of_the_fixture(rrq_harness: Harness, rrq_clock: ManualClock) -> None:
    assert rrq_harness.clock is rrq_clock


def test_a_worker_that_is_told_to_stop_has_left_and_none_takes_its_place(rrq_harness: Harness) -> None:
    worker = rrq_harness.worker()
    rrq.message_send("STOP")
    rrq_harness.queue.submit(abs, -1)
    assert rrq_harness.run_all() == 1
    assert rrq.worker_status() == {}
    assert rrq.worker_list_exited() == [worker.id]


def test_a_task_is_tried_again_when_its_time_has_come(rrq_harness: Harness) -> None:
    task = rrq_harness.queue.options(retries=1, retry_delay=60).submit(int, "x")
    assert rrq_harness.run_all() == 1
    assert task.status() == "DEFERRED"
    rrq_harness.clock.move(100)
    assert rrq_harness.run_all() == 1
    assert task.status() == "ERROR"


def test_a_worker_goes_by_its_configuration(rrq_harness: Harness) -> None:
    worker = rrq_harness.worker("quick", rrq.worker_config(queue="quick"))
    slow = rrq_harness.queue.submit(abs, -1)
    quick = rrq_harness.queue.options(queue="quick").submit(abs, -2)
    worker.step(immediate=True)
    assert (quick.status(), slow.status()) == ("COMPLETE", "PENDING")


def test_workers_are_known_by_their_number(rrq_harness: Harness) -> None:
    assert [rrq_harness.worker().id, rrq_harness.worker().id] == ["worker_1", "worker_2"]


@pytest.mark.parametrize(("on_lost", "status"), [("died", "DIED"), ("requeue", "PENDING")])
def test_the_task_of_a_worker_that_was_killed_is_settled_once_its_heartbeat_has_lapsed(
    rrq_harness: Harness, on_lost: str, status: str
) -> None:
    worker = rrq_harness.worker("w")
    task = rrq_harness.queue.options(on_lost=on_lost).submit(abs, -1)
    assert worker.poll(immediate=True) == task
    worker.kill()
    rrq_harness.clock.move(40)
    assert task.status() == "RUNNING"
    rrq_harness.clock.move(60)
    assert task.status() == status
    assert rrq.worker_status("w") == {"w": "LOST"}


def test_a_killed_worker_does_nothing_more(rrq_harness: Harness) -> None:
    worker = rrq_harness.worker("w")
    worker.kill()
    with pytest.raises(Closed):
        worker.step(immediate=True)


def test_a_step_after_all_workers_were_killed_is_that_of_a_new_one(rrq_harness: Harness) -> None:
    rrq_harness.worker("w").kill()
    task = rrq_harness.queue.submit(abs, -1)
    rrq_harness.step()
    assert task.result() == 1


def test_a_suspended_worker_that_was_lost_meanwhile_drops_its_work_and_comes_back(rrq_harness: Harness) -> None:
    sleepy = rrq_harness.worker("sleepy")
    task = rrq_harness.queue.options(on_lost="requeue").submit(abs, -1)
    sleepy.poll(immediate=True)
    with sleepy.suspended():
        rrq_harness.clock.move(100)
        rrq_harness.worker("other").step(immediate=True)
    assert task.result() == 1
    sleepy.step(immediate=True)
    sleepy.step(immediate=True)
    assert rrq.worker_status("sleepy") == {"sleepy": "IDLE"}
    assert "LOST" in [entry.command for entry in rrq.worker_log_tail("sleepy", None)]
    assert [attempt.worker for attempt in task.info().attempts] == ["sleepy", "other"]


def test_living_workers_live_however_far_the_clock_is_moved(rrq_harness: Harness) -> None:
    rrq_harness.worker("w", rrq.worker_config(heartbeat_period=0.5))
    rrq_harness.clock.move(30)
    assert rrq.worker_status("w") == {"w": "IDLE"}


def test_a_task_may_have_a_process_of_its_own(rrq_harness: Harness) -> None:
    task = rrq_harness.queue.options(separate_process=True).submit(os.getpid)
    assert rrq_harness.run_all() == 1
    assert task.result() != os.getpid()


def test_a_harness_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())
    with harness() as h:
        h.queue.submit(abs, -1)
        h.run_all()
        backend = h.queue.backend
        tasks = backend.queue.tasks
    assert set(threading.enumerate()) - before == set()
    assert list(tasks()) == []


def test_a_lost_reply_costs_no_task(rrq_harness: Harness) -> None:
    task = rrq_harness.queue.submit(abs, -1)
    rrq_harness.faults.lose_reply("Queue.step")
    assert rrq_harness.run_all() == 1
    assert task.result() == 1
    assert len(task.info().attempts) == 1


def test_the_work_survives_a_crash_at_any_call(crash_everywhere: Callable[..., int]) -> None:
    def scenario(h: Harness) -> None:
        task = h.queue.options(on_lost="requeue", key="one").submit(abs, -1)
        h.run_all()
        task.result()

    def after(h: Harness) -> None:
        task = h.queue.options(on_lost="requeue", key="one").submit(abs, -1)
        h.run_all()
        assert task.result() == 1

    assert crash_everywhere(scenario, after) >= 10


def test_what_does_not_survive_a_crash_is_told_with_the_crash(crash_everywhere: Callable[..., int]) -> None:
    def scenario(h: Harness) -> None:
        h.queue.submit(abs, -1)
        h.run_all()

    def after(h: Harness) -> None:
        assert [str(rrq.task_status(task)) for task in rrq.task_list()] in ([], ["COMPLETE"])

    with pytest.raises(AssertionError, match="DIED") as failed:
        crash_everywhere(scenario, after)
    assert ["Queue.step" in note for note in failed.value.__notes__] == [True]


def test_a_scenario_without_end_is_an_error(crash_everywhere: Callable[..., int]) -> None:
    def scenario(h: Harness) -> None:
        for _ in range(3):
            rrq.task_list()

    assert crash_everywhere(scenario, limit=4) == 6
    with pytest.raises(AssertionError, match="after 3 calls"):
        crash_everywhere(scenario, limit=3)
