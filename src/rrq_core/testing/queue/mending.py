"""Laws of `Queue.retry` with a new body: what was mended runs again in the place of what failed."""

import pytest

from rrq_core.errors import ObjectMissing
from rrq_core.model.ids import Tag, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import bytes_of, record_of, status_of, unchanged


class MendingTests(ContractCase):
    """A retry may bring another call along."""

    def test_a_retry_with_a_new_body_runs_that(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(body=b"broken")
        hand.fail(hand.submit_and_take(task))
        second, third = new_task_id(), new_task_id()
        backend.queue.retry([NewRetry(task=task.id, new=second, body=b"mended")])
        work = hand.take(second)
        assert (work.root, work.body) == (task.id, b"mended")
        assert record_of(backend, second).body == b"mended"
        hand.fail(work)
        backend.queue.retry([NewRetry(task=task.id, new=third)])
        assert hand.take(third).body == b"mended"

    def test_a_checkpoint_outlives_the_body_that_saved_it(self, backend: Backend) -> None:
        hand, task, half = Hand(backend), new_task(body=b"broken"), new_value(b"half way")
        work = hand.submit_and_take(task)
        hand.tell(work.claim, checkpoint=half)
        hand.fail(work)
        backend.queue.retry([NewRetry(task=task.id, new=(new := new_task_id()), body=b"mended")])
        assert hand.take(new).checkpoint == half.hash

    def test_values_of_a_new_body_are_kept_for_it(self, backend: Backend) -> None:
        hand, task, value = Hand(backend), new_task(), new_value(b"a function")
        hand.fail(hand.submit_and_take(task))
        backend.objects.put(Tag("ahead"), [value])
        backend.queue.retry([NewRetry(task=task.id, new=(new := new_task_id()), body=b"mended", values=(value.hash,))])
        backend.objects.drop([Tag("ahead")])
        assert hand.take(new).values == {value.hash: b"a function"}
        assert bytes_of(backend, value.hash) == b"a function"
        backend.queue.cancel(new)
        backend.queue.delete([task.id], even_running=True)
        assert backend.objects.get([value.hash]) == [None]

    def test_a_value_that_is_not_stored_is_an_error(self, backend: Backend) -> None:
        hand, task, value = Hand(backend), new_task(), new_value(b"nowhere")
        hand.fail(hand.submit_and_take(task))
        with unchanged(backend), pytest.raises(ObjectMissing):
            backend.queue.retry([NewRetry(task=task.id, new=new_task_id(), body=b"mended", values=(value.hash,))])
        assert status_of(backend, task.id) is TaskStatus.ERROR
