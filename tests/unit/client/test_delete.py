"""Deleting tasks: whole chains, what needs them, and who waits for them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import rrq_core as rrq
from rrq_core.testing import wait_until
from rrq_core.testing.hand import Hand
from tests.unit.client.calls import add, double, fail

GRACE = 10


def test_any_of_a_chain_takes_the_whole_chain_with_it(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    for member in range(3):
        chain = [q.submit(fail, "on purpose")]
        for _ in range(2):
            chain[-1].wait(GRACE)
            chain.append(chain[0].retry())
        chain[-1].wait(GRACE)
        chain[member].delete()
        assert rrq.task_status(chain, follow=False) == ["MISSING"] * 3
    assert rrq.task_list() == []


def test_one_that_a_deferred_task_needs_is_kept_and_the_error_names_both(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    second = q.submit(add, first, 1)
    with pytest.raises(rrq.TaskInUse, match=f"{first.id} is needed by the deferred task {second.id}"):
        first.delete()
    assert issubclass(rrq.TaskInUse, ValueError)
    assert rrq.task_status([first, second]) == ["PENDING", "DEFERRED"]


def test_without_check_what_needs_it_is_impossible_and_says_why(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    second = q.submit(add, first, 1)
    third = q.submit(double, second)
    first.delete(check=False)
    assert rrq.task_status([first, second, third]) == ["MISSING", "IMPOSSIBLE", "IMPOSSIBLE"]
    assert str(rrq.task_result(second)) == (
        f"task {second.id} is IMPOSSIBLE: it needs task {first.id}, which was deleted"
    )
    with pytest.raises(rrq.NotRetriable):
        rrq.task_retry(second)


def test_tasks_that_need_each_other_go_together(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    rrq.task_delete([first, q.submit(add, first, 1)])
    assert rrq.task_list() == []


def test_of_a_parent_that_is_over_the_result_stays_with_who_needs_it(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    late = q.options(queue="attic").submit(double, 5)
    second = q.submit(lambda one, other: one + other, first, late)
    with rrq.worker_spawn(1):
        first.wait(GRACE)
        first.delete()
        rrq.worker_config_save("attic", rrq.worker_config(queue="attic"))
        with rrq.worker_spawn(1, name_config="attic"):
            assert second.result(GRACE) == 12


def test_who_waits_for_a_deleted_task_is_told(q: rrq.Controller) -> None:
    task = q.submit(double, 1)
    with ThreadPoolExecutor() as others:
        waiting = others.submit(rrq.task_wait, task, GRACE, controller=q)
        wait_until(lambda: q.inbox._wishes.count() == 1, "somebody waits")
        task.delete()
        with pytest.raises(rrq.TaskNotFound, match=task.id):
            waiting.result(GRACE)


def test_who_waits_for_what_needed_a_deleted_task_is_told_too(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    second = q.submit(double, first)
    with ThreadPoolExecutor() as others:
        waiting = others.submit(rrq.task_wait, second, GRACE, controller=q)
        wait_until(lambda: q.inbox._wishes.count() == 1, "somebody waits")
        first.delete(check=False)
        assert waiting.result(GRACE) is False


def test_thousands_of_tasks_are_deleted_at_once(q: rrq.Controller) -> None:
    tasks = q.map(double, range(600))
    children = [q.submit(double, task) for task in tasks[:3]]
    with pytest.raises(rrq.TaskInUse, match=children[0].id):
        rrq.task_delete(tasks)
    assert len(rrq.task_list()) == 603
    rrq.task_delete([*tasks, *children])
    assert rrq.task_list() == []
    assert rrq.queue_list() == []
    assert rrq.check().ok


def test_one_that_runs_is_deleted_without_check_and_its_worker_goes_on(q: rrq.Controller) -> None:
    hand = Hand(q.backend)
    running, other = q.submit(double, 1), q.submit(double, 2)
    work = hand.take()
    running.delete(check=False)
    assert hand.complete(work) == "REFUSED"
    assert hand.take().claim.task == other.id
    assert running.status() == "MISSING"


def test_threads_that_delete_the_same_task_both_know(q: rrq.Controller) -> None:
    task, start = q.submit(double, 1), threading.Barrier(2, timeout=GRACE)

    def delete() -> str:
        start.wait()
        try:
            rrq.task_delete(task, controller=q)
        except rrq.TaskNotFound:
            return "too late"
        return "deleted"

    with ThreadPoolExecutor() as others:
        answers = {each.result(GRACE) for each in [others.submit(delete) for _ in range(2)]}
    assert "deleted" in answers
    assert task.status() == "MISSING"
