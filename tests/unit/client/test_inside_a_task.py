"""What code in a task asks of it, and keeps with it."""

import contextvars
from collections.abc import Callable

import pytest

import rrq_core as rrq
from rrq_core.errors import BackendUnavailable
from rrq_core.model.ids import QueueId, TaskId
from rrq_core.model.task import TaskChange
from rrq_core.worker.current import CurrentTask, enter_task

GRACE = 10
INSIDE: list[Callable[[], object]] = [rrq.task_id, rrq.attempt, rrq.seed]

pytestmark = pytest.mark.usefixtures("workers")


def who() -> tuple[str, int, int]:
    return rrq.task_id(), rrq.attempt(), rrq.seed()


def go_on(upto: int) -> int:
    """Count, fail at each second number, and tell where it began."""
    first: int = rrq.checkpoint(0)
    for number in range(first + 1, upto + 1):
        rrq.checkpoint_save(number)
        assert rrq.checkpoint() == number
        if number % 2 == 0:
            raise ValueError(f"at {number}")
    return first


def test_a_task_knows_itself(q: rrq.Controller) -> None:
    task = q.submit(who)
    assert task.result(GRACE)[:2] == (task.id, 1)


def test_a_retried_task_has_another_id_and_the_same_seed(q: rrq.Controller) -> None:
    task = q.submit(who)
    id, _, seed = task.result(GRACE)
    again = task.retry()
    assert again.result(GRACE) == (again.id, 1, seed)
    assert again.id != id
    assert q.submit(who).result(GRACE)[2] != seed


def test_a_seed_is_what_generators_take(q: rrq.Controller) -> None:
    seeds = {seed for _, _, seed in q.map(lambda _: who(), range(20)).results(GRACE)}
    assert len(seeds) == 20
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize("function", INSIDE)
def test_outside_of_a_task_there_is_none(function: Callable[[], object]) -> None:
    with pytest.raises(rrq.NotInTask, match="outside of a task"):
        function()


def test_outside_of_a_task_there_are_no_checkpoints() -> None:
    rrq.checkpoint_save(3)
    assert rrq.checkpoint() is None
    assert rrq.checkpoint("default") == "default"


def test_an_attempt_goes_on_from_the_checkpoint_of_the_last(q: rrq.Controller) -> None:
    task = q.options(retries=5).submit(go_on, 5)
    assert task.result(GRACE) == 4
    assert len(task.info().attempts) == 3


def test_a_retry_goes_on_from_the_checkpoint_of_the_last(q: rrq.Controller) -> None:
    task = q.submit(go_on, 3)
    assert not task.wait(GRACE)
    assert task.retry().result(GRACE) == 2


def test_another_task_has_no_checkpoint_of_it(q: rrq.Controller) -> None:
    q.submit(go_on, 3).wait(GRACE)
    assert q.submit(rrq.checkpoint).result(GRACE) is None


def test_a_checkpoint_goes_with_its_task(q: rrq.Controller) -> None:
    task = q.submit(go_on, 3)
    task.wait(GRACE)
    task.delete()
    assert list(q.backend.objects.hashes()) == []


def test_what_cannot_be_sent_is_an_error_in_the_task(q: rrq.Controller) -> None:
    task = q.submit(lambda: rrq.checkpoint_save(n for n in range(3)))
    with pytest.raises(rrq.NotSendable, match="the checkpoint cannot be sent"):
        task.result(GRACE)


def test_a_task_goes_on_with_a_warning_if_the_store_is_away() -> None:
    def tell_nobody(change: TaskChange) -> None:
        raise BackendUnavailable("it is away")

    def run() -> object:
        enter_task(task)
        with pytest.warns(UserWarning, match="the checkpoint was not kept: it is away"):
            rrq.checkpoint_save(1)
        return rrq.checkpoint("the one before")

    task = CurrentTask(id=TaskId("1" * 32), queue_id=QueueId("lab"), root=TaskId("1" * 32), attempt=1, tell=tell_nobody)
    assert contextvars.copy_context().run(run) == "the one before"
