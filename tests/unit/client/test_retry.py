"""Retrying by hand: a new task in the place of the old one."""

import threading

import pytest

import rrq_core as rrq
from rrq_core.client import successors
from rrq_core.model.ids import new_task_id
from rrq_core.testing import new_task, wait_until
from tests.unit.client.calls import GATES, double, fail, wait_at

GRACE = 10
BROKEN = {"is": True}


def fail_while_broken(n: int) -> int:
    if BROKEN["is"]:
        raise RuntimeError("broken")
    return n


@pytest.fixture
def failed(q: rrq.Controller, workers: rrq.WorkerManager) -> "rrq.Task[int]":
    task = q.submit(fail, "on purpose")
    task.wait(GRACE)
    return task


def test_one_gives_one_and_several_give_a_list_in_order(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    tasks = q.map(double, range(3))
    tasks.wait(GRACE)
    one = rrq.task_retry(tasks[0])
    several = rrq.task_retry([tasks[1].id, tasks[2]])
    assert isinstance(one, rrq.Task)
    assert [task.result(GRACE) for task in (one, *several)] == [0, 2, 4]
    assert rrq.task_retry([]) == []


def test_new_tasks_are_given_by_the_ids_of_the_old_where_that_is_asked_for(failed: "rrq.Task[int]") -> None:
    again = rrq.task_retry([failed], named=True)
    assert again.keys() == {failed.id}
    assert rrq.task_info(failed).moved.down == (again[failed.id].id,)


def test_with_follow_the_old_handle_shows_the_new_task(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    BROKEN["is"] = True
    task = q.submit(fail_while_broken, 7)
    assert not task.wait(GRACE)
    BROKEN["is"] = False
    new = task.retry()
    assert new.result(GRACE) == task.result(GRACE) == 7
    assert rrq.task_status([task, new]) == ["COMPLETE", "COMPLETE"]
    assert rrq.task_status([task, new], follow=False) == ["MOVED", "COMPLETE"]
    with pytest.raises(rrq.ResultMissing, match="MOVED"):
        rrq.task_result(task, follow=False)
    assert rrq.task_times(task, follow=False).moved is not None
    assert rrq.task_times(task, follow=True).moved is None


def test_what_a_controller_is_told_about_following_holds_for_all_calls(url: str, failed: "rrq.Task[int]") -> None:
    new = failed.retry(queue="attic")
    with rrq.connect("lab", url, follow=False):
        assert rrq.task_status(failed.id) == "MOVED"
        assert rrq.task_position(failed.id, queue="attic") == 0
    with rrq.connect("lab", url):
        assert rrq.task_status(failed.id) == "PENDING"
        assert rrq.task_position(failed.id, queue="attic") == rrq.task_position(new.id, queue="attic") == 1
        assert rrq.task_preceding(failed.id, queue="attic") == []


def test_a_retry_of_any_of_a_chain_goes_on_from_its_last(q: rrq.Controller, failed: "rrq.Task[int]") -> None:
    second = failed.retry()
    second.wait(GRACE)
    third = failed.retry()
    third.wait(GRACE)
    chains = [task.info().moved for task in (failed, second, third)]
    assert [(chain.up, chain.down) for chain in chains] == [
        ((), (second.id, third.id)),
        ((failed.id,), (third.id,)),
        ((failed.id, second.id), ()),
    ]


def test_a_retry_goes_into_another_queue_if_one_is_named(q: rrq.Controller, failed: "rrq.Task[int]") -> None:
    new = failed.retry(queue="attic")
    assert rrq.queue_list("attic") == [new.id]
    assert new.info().queue == "attic"
    with pytest.raises(rrq.InvalidName):
        rrq.task_retry(new, queue="")


def test_dependents_of_a_retried_task_wait_for_the_new_one(q: rrq.Controller, failed: "rrq.Task[int]") -> None:
    child = new_task(depends_on=(failed.id,))
    q.backend.queue.submit([child])
    assert rrq.task_status(child.id) == "IMPOSSIBLE"
    new = failed.retry(queue="attic")
    assert rrq.task_status(child.id) == "DEFERRED"
    assert new.info().depends.down == (child.id,)


def test_what_is_not_over_is_refused_and_says_what_to_do(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    GATES["retry"] = threading.Event()
    running, waiting = q.submit(wait_at, "retry"), q.options(queue="attic").submit(double, 1)
    child = new_task(depends_on=(waiting.id,))
    q.backend.queue.submit([child])
    wait_until(lambda: running.status() == "RUNNING", "it runs")
    for task, status in ((running.id, "RUNNING"), (waiting.id, "PENDING"), (child.id, "DEFERRED")):
        with pytest.raises(rrq.NotRetriable, match=f"{task} cannot be retried, it is {status}: wait for it, or cancel"):
            rrq.task_retry(task)
    assert issubclass(rrq.NotRetriable, ValueError)
    GATES["retry"].set()


def test_an_impossible_task_is_refused_and_says_what_to_do(q: rrq.Controller, failed: "rrq.Task[int]") -> None:
    child = new_task(depends_on=(failed.id,))
    q.backend.queue.submit([child])
    with pytest.raises(rrq.NotRetriable, match="IMPOSSIBLE: retry what it depends on"):
        rrq.task_retry(child.id)


def test_nothing_is_retried_if_one_cannot_be(q: rrq.Controller, failed: "rrq.Task[int]") -> None:
    waiting = q.options(queue="attic").submit(double, 1)
    for others, error in (
        ([waiting], rrq.NotRetriable),
        ([failed], rrq.NotRetriable),
        ([new_task_id()], rrq.TaskNotFound),
    ):
        with pytest.raises(error):
            rrq.task_retry([failed, *others])
        assert rrq.task_status(failed, follow=False) == "ERROR"


def test_of_more_than_a_portion_none_is_retried_if_the_last_cannot_be(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(successors, "PORTION", 2)
    tasks = list(q.map(double, range(5)))
    rrq.queue_remove(tasks[:4])
    for last, error in ((tasks[4], rrq.NotRetriable), (tasks[0], rrq.NotRetriable), (new_task_id(), rrq.TaskNotFound)):
        with pytest.raises(error):
            rrq.task_retry([*tasks[:4], last])
        assert rrq.task_overview()[rrq.TaskStatus.MOVED] == 0
    tasks[4].cancel()
    new = rrq.task_retry(tasks)
    assert rrq.queue_list() == [task.id for task in new]


def test_an_interrupted_retry_of_many_tells_which_are_in(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(successors, "PORTION", 2)
    parent = q.submit(double, 0)
    child = new_task(depends_on=(parent.id,))
    q.backend.queue.submit([child])
    rrq.task_cancel(child.id)
    tasks = list(q.map(double, range(2)))
    rrq.queue_remove([*tasks, parent])
    parent.delete()
    with pytest.raises(rrq.NotRetriable, match="deleted") as caught:
        rrq.task_retry([*tasks, child.id])
    assert vars(caught.value)["retried"] == rrq.queue_list()
    assert "2 of the tasks were retried" in caught.value.__notes__[0]


def test_a_group_retries_what_failed_of_it_and_shows_the_new_tasks(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    BROKEN["is"] = True
    group = q.map(fail_while_broken, range(3))
    group.wait(GRACE)
    good = q.submit(double, 3)
    good.wait(GRACE)
    mixed = rrq.TaskGroup([group[0], good, group[2]], q)
    BROKEN["is"] = False
    new = mixed.retry()
    assert new.results(GRACE) == [0, 2]
    assert mixed.results(GRACE) == [0, 6, 2]
    assert mixed.overview()[rrq.TaskStatus.COMPLETE] == 3
    assert rrq.task_overview(mixed)[rrq.TaskStatus.MOVED] == 2
    assert rrq.task_overview(mixed, follow=True)[rrq.TaskStatus.MOVED] == 0
    assert len(mixed.retry()) == 0
    assert group[1].status() == "ERROR"


def test_a_group_names_those_that_wait_again_among_what_goes_on(q: rrq.Controller, failed: "rrq.Task[int]") -> None:
    child = new_task(depends_on=(failed.id,))
    q.backend.queue.submit([child])
    new = rrq.TaskGroup([q.task(child.id), failed], q).retry(queue="attic")
    assert [task.id for task in new] == [child.id, failed.info().moved.down[0]]
    assert [task.status() for task in new] == ["DEFERRED", "PENDING"]


def test_a_group_of_impossible_tasks_only_says_what_to_do(q: rrq.Controller, failed: "rrq.Task[int]") -> None:
    child = new_task(depends_on=(failed.id,))
    q.backend.queue.submit([child])
    with pytest.raises(rrq.NotRetriable, match="retry what they depend on"):
        rrq.TaskGroup([q.task(child.id)], q).retry()


def test_an_overview_of_all_follows_nobody(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match="follow"):
        rrq.task_overview(follow=True)
