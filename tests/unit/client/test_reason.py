"""Tasks that no worker could speak for: their errors say why they ended."""

import pytest

import rrq_core as rrq
from rrq_core.model.ids import TaskId
from rrq_core.model.status import OnLost, TaskStatus, WorkerStatus
from rrq_core.model.task import Reason, TaskRecord
from rrq_core.testing import new_task
from rrq_core.testing.hand import Hand
from tests.unit.client.calls import double, fail


def test_an_impossible_task_names_its_dependency_and_the_one_that_failed_first(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    second = new_task(depends_on=(first.id,))
    third = new_task(depends_on=(second.id,))
    q.backend.queue.submit([second, third])
    first.cancel()
    sentences = [str(error) for error in rrq.task_results([second.id, third.id])]
    assert sentences == [
        f"task {second.id} is IMPOSSIBLE: its dependency {first.id} is CANCELLED: it was cancelled while it waited",
        f"task {third.id} is IMPOSSIBLE: its dependency {second.id} is IMPOSSIBLE, since task {first.id} is CANCELLED: "
        "it was cancelled while it waited",
    ]


def test_an_impossible_task_says_with_what_error_the_first_one_failed(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    last = q.submit(double, q.submit(double, q.submit(fail, "no such file")))
    last.wait(10)
    assert str(rrq.task_result(last)).endswith("is ERROR: ValueError: no such file")


def test_an_impossible_task_below_one_whose_dependency_was_deleted_says_so(q: rrq.Controller) -> None:
    first = q.submit(double, 1)
    last = q.submit(double, q.submit(double, first))
    first.delete(check=False)
    assert str(rrq.task_result(last)).endswith(f"is IMPOSSIBLE: it needs task {first.id}, which was deleted")


def test_a_task_that_was_lost_too_often_says_how_often(q: rrq.Controller) -> None:
    task = new_task(on_lost=OnLost.REQUEUE, max_attempts=2)
    q.backend.queue.submit([task])
    for _ in range(2):
        hand = Hand(q.backend)
        hand.take(task.id)
        q.backend.workers.leave(hand.session, WorkerStatus.LOST, "SIGKILL")
    error = rrq.task_result(task.id)
    assert f"DIED: its worker was lost: {hand.worker.id}: SIGKILL; it was the last of 2 attempts" in str(error)


def test_a_task_that_was_removed_says_so(q: rrq.Controller) -> None:
    task = q.options(queue="attic").submit(double, 1)
    rrq.queue_remove(task, "attic")
    error = rrq.task_result(task)
    assert isinstance(error, rrq.TaskError)
    assert error.status == "CANCELLED"
    assert "removed from the queue 'attic'" in str(error)
    assert (error.trace, error.warnings, error.cause) == ("", (), None)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (Reason(kind="lost", detail="w_1"), "its worker was lost: w_1"),
        (Reason(kind="left", detail="w_1: SIGTERM"), "left before the task had ended: w_1: SIGTERM"),
        (
            Reason(kind="damaged", detail="its body was lost"),
            "check() found it damaged, and ended it: its body was lost",
        ),
        (Reason(kind="dependency", detail="d" * 32), f"its dependency {'d' * 32} failed, and is not known any more"),
        (Reason(kind="deleted", detail="d" * 32), f"{'d' * 32}, which was deleted"),
        (Reason(kind="struck", detail="by lightning"), "struck: by lightning"),
        (None, "nobody says why"),
    ],
)
def test_a_task_whose_worker_could_not_speak_has_an_error_with_the_reason(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch, reason: Reason | None, sentence: str
) -> None:
    record = TaskRecord(id=TaskId("1" * 32), status=TaskStatus.DIED, reason=reason)
    known = {record.id: record}
    monkeypatch.setattr(
        type(q.backend.queue), "read", lambda _, tasks, *how, **follow: [known.get(task) for task in tasks]
    )
    error = rrq.task_result(record.id)
    assert isinstance(error, rrq.TaskError)
    assert error.status == "DIED"
    assert sentence in str(error)
