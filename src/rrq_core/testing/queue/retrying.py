"""Laws of `Queue.retry`: tasks that run again under new ids."""

import pytest

from rrq_core.errors import NotRetriable, TaskNotFound
from rrq_core.model.ids import QueueName, Tag, TaskId, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import bytes_of, record_of, status_of, unchanged, waiting_in
from rrq_core.testing.queue.finishing import FAILURES


def retry(backend: Backend, task: TaskId, queue: QueueName | None = None) -> TaskId:
    """Retry one task; answers the id under which it goes on."""
    new = new_task_id()
    backend.queue.retry([NewRetry(task=task, new=new, queue=queue)])
    return new


class RetryingTests(ContractCase):
    """A retry is a new task in the place of an old one."""

    @pytest.mark.parametrize("status", [TaskStatus.COMPLETE, *FAILURES])
    def test_a_task_that_ended_can_run_again(self, backend: Backend, status: TaskStatus) -> None:
        hand, task = Hand(backend), new_task(body=b"call")
        hand.finish(hand.submit_and_take(task), status, new_value(b"first"))
        new = new_task_id()
        assert backend.queue.retry([NewRetry(task=task.id, new=new)]) == [TaskStatus.PENDING]
        assert (status_of(backend, task.id), waiting_in(backend)) == (TaskStatus.MOVED, [new])
        work = hand.take()
        assert (work.claim.task, work.claim.attempt, work.root, work.body) == (new, 1, task.id, b"call")

    def test_a_chain_can_be_read_from_all_its_members(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(body=b"call")
        hand.fail(hand.submit_and_take(task))
        second = retry(backend, task.id)
        hand.fail(hand.take(second))
        third = retry(backend, second)
        records = [record_of(backend, member) for member in (task.id, second, third)]
        assert [record.moved_to for record in records] == [second, third, None]
        assert [record.moved_root for record in records[1:]] == [task.id, task.id]
        assert {record.body for record in records} == {b"call"}
        assert {record_of(backend, member, follow=True).id for member in (task.id, second, third)} == {third}

    def test_a_retry_goes_on_from_the_leaf_of_the_chain(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        hand.fail(hand.submit_and_take(task))
        second = retry(backend, task.id)
        hand.fail(hand.take(second))
        third = retry(backend, task.id)
        assert record_of(backend, second).moved_to == third

    def test_a_retry_keeps_its_queue_or_takes_another(self, backend: Backend) -> None:
        hand = Hand(backend, [QueueName("a"), QueueName("b")])
        for wish, expected in ((None, "a"), (QueueName("b"), "b")):
            task = new_task(queue=QueueName("a"))
            hand.fail(hand.submit_and_take(task))
            new = retry(backend, task.id, wish)
            assert record_of(backend, new).queue == expected
            work = hand.take(new)
            assert work.queue == expected
            hand.complete(work)

    def test_a_retried_task_keeps_what_it_was_submitted_with(self, backend: Backend) -> None:
        hand, value = Hand(backend), new_value(b"argument")
        task = new_task(separate_process=True, timeout=3.0, values=(value.hash,))
        backend.queue.submit([task], [value])
        hand.fail(hand.take(task.id))
        work = hand.take(retry(backend, task.id))
        assert (work.separate_process, work.timeout) == (True, 3.0)
        assert bytes_of(backend, value.hash) == b"argument"

    def test_the_first_that_cannot_be_retried_is_the_one_that_is_told(self, backend: Backend) -> None:
        unknown, waiting = new_task_id(), new_task()
        backend.queue.submit([waiting])
        bad = [NewRetry(task=task, new=new_task_id()) for task in (waiting.id, unknown)]
        with unchanged(backend), pytest.raises(NotRetriable, match=waiting.id):
            backend.queue.retry(bad)
        with unchanged(backend), pytest.raises(TaskNotFound, match=unknown):
            backend.queue.retry(bad[::-1])

    def test_the_old_result_stays_with_the_old_task(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        hand.complete(hand.submit_and_take(task), b"first")
        hand.run(new := retry(backend, task.id), b"second")
        assert bytes_of(backend, record_of(backend, task.id).result) == b"first"
        assert bytes_of(backend, record_of(backend, task.id, follow=True).result) == b"second"
        assert record_of(backend, new).status is TaskStatus.COMPLETE

    def test_the_attempts_at_the_old_task_stay_as_they_were(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        hand.complete(hand.submit_and_take(task))
        before = record_of(backend, task.id).attempts
        retry(backend, task.id)
        assert record_of(backend, task.id).attempts == before

    def test_a_cancelled_task_waits_again_for_what_it_waited_for(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        child = new_task(depends_on=(parent.id,), takes_result_of=(parent.id,))
        backend.queue.submit([parent, child])
        backend.queue.cancel(child.id)
        new = retry(backend, child.id)
        assert status_of(backend, new) is TaskStatus.DEFERRED
        hand.run(parent.id, b"argument")
        assert dict(hand.take(new).results) == {parent.id: new_value(b"argument").hash}

    def test_arguments_are_there_again(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        child = new_task(depends_on=(parent.id,), takes_result_of=(parent.id,))
        backend.queue.submit([parent, child])
        hand.run(parent.id, b"argument")
        hand.fail(hand.take(child.id))
        backend.queue.delete([parent.id])
        work = hand.take(retry(backend, child.id))
        assert bytes_of(backend, work.results[parent.id]) == b"argument"

    def test_what_was_complete_once_is_not_waited_for_again(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        child = new_task(depends_on=(parent.id,), takes_result_of=(parent.id,))
        backend.queue.submit([parent, child])
        hand.run(parent.id, b"argument")
        hand.fail(hand.take(child.id))
        backend.queue.cancel(retry(backend, parent.id))
        new = retry(backend, child.id)
        assert status_of(backend, new) is TaskStatus.PENDING
        assert record_of(backend, new).depends_on == (parent.id,)
        assert dict(hand.take(new).results) == {parent.id: new_value(b"argument").hash}

    def test_a_checkpoint_is_handed_on_along_the_chain(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        hand.tell(work.claim, checkpoint=new_value(b"half way"))
        hand.fail(work)
        again = hand.take(retry(backend, task.id))
        assert bytes_of(backend, again.checkpoint) == b"half way"

    def test_a_checkpoint_that_was_put_before_takes_the_place_of_the_last(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        first, second = new_value(b"a quarter"), new_value(b"half way")
        hand.tell(work.claim, checkpoint=first)
        backend.objects.put(Tag(f"{task.id}:checkpoint"), [second], work.claim)
        hand.tell(work.claim, checkpoint=second.hash)
        assert bytes_of(backend, second.hash) == b"half way"
        assert backend.objects.get([first.hash]) == [None]

    def test_a_retry_sent_again_changes_nothing(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        hand.fail(hand.submit_and_take(task))
        request = NewRetry(task=task.id, new=new_task_id())
        backend.queue.retry([request])
        with unchanged(backend):
            assert backend.queue.retry([request]) == [TaskStatus.PENDING]

    def test_tasks_that_depend_on_each_other_are_retried_together(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,))])
        backend.queue.cancel(child.id)
        backend.queue.cancel(parent.id)
        requests = [NewRetry(task=task.id, new=new_task_id()) for task in (child, parent)]
        assert backend.queue.retry(requests) == [TaskStatus.DEFERRED, TaskStatus.PENDING]
        assert [hand.run(), hand.run()] == [requests[1].new, requests[0].new]

    def test_retrying_nothing_is_fine(self, backend: Backend) -> None:
        assert backend.queue.retry([]) == []


class NotRetriedTests(ContractCase):
    """What cannot be retried, is not; nor is what was asked for with it."""

    def assert_not_retried(self, backend: Backend, *tasks: TaskId) -> None:
        """Hold that retrying these, and one that could be, is refused as a whole."""
        hand, fine = Hand(backend), new_task()
        hand.fail(hand.submit_and_take(fine))
        requests = [NewRetry(task=task, new=new_task_id()) for task in (fine.id, *tasks)]
        with unchanged(backend), pytest.raises(NotRetriable):
            backend.queue.retry(requests)

    def test_a_task_that_has_not_ended_is_not_retried(self, backend: Backend) -> None:
        hand, running, waiting = Hand(backend), new_task(), new_task()
        hand.submit_and_take(running)
        backend.queue.submit([waiting, later := new_task(delay=60.0)])
        for task in (running, waiting, later):
            self.assert_not_retried(backend, task.id)

    def test_an_impossible_task_is_not_retried(self, backend: Backend) -> None:
        parent = new_task()
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,))])
        backend.queue.cancel(parent.id)
        self.assert_not_retried(backend, child.id)

    def test_a_task_that_waited_for_a_deleted_one_is_not_retried(self, backend: Backend) -> None:
        parent = new_task()
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,), takes_result_of=(parent.id,))])
        backend.queue.cancel(child.id)
        backend.queue.delete([parent.id])
        self.assert_not_retried(backend, child.id)

    def test_a_chain_is_not_retried_twice_at_once(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        hand.fail(hand.submit_and_take(task))
        new = retry(backend, task.id)
        hand.fail(hand.take(new))
        self.assert_not_retried(backend, task.id, new)

    def test_an_unknown_task_is_not_retried(self, backend: Backend) -> None:
        hand, task, unknown = Hand(backend), new_task(), new_task_id()
        hand.fail(hand.submit_and_take(task))
        requests = [NewRetry(task=task.id, new=new_task_id()), NewRetry(task=unknown, new=new_task_id())]
        with unchanged(backend), pytest.raises(TaskNotFound) as refused:
            backend.queue.retry(requests)
        assert refused.value.tasks == (unknown,)


class RevivingTests(ContractCase):
    """What was impossible may be possible again."""

    def test_a_retry_of_a_parent_revives_its_dependents_once(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        child = new_task(depends_on=(parent.id,), takes_result_of=(parent.id,))
        backend.queue.submit([parent, child])
        hand.fail(hand.take(parent.id))
        new = retry(backend, parent.id)
        record = record_of(backend, child.id)
        assert (record.status, record.waits_for, record.reason) == (TaskStatus.DEFERRED, (new,), None)
        assert record.times is not None
        assert record.times.complete is None
        hand.run(new, b"at last")
        assert waiting_in(backend) == [child.id]
        assert dict(hand.take(child.id).results) == {parent.id: new_value(b"at last").hash}

    def test_dependents_of_dependents_are_revived(self, backend: Backend) -> None:
        hand, top = Hand(backend), new_task()
        sides = new_tasks(2, depends_on=(top.id,))
        bottom = new_task(depends_on=(sides[0].id, sides[1].id))
        backend.queue.submit([top, *sides, bottom])
        hand.fail(hand.take(top.id))
        new = retry(backend, top.id)
        assert {status_of(backend, task.id) for task in (*sides, bottom)} == {TaskStatus.DEFERRED}
        order = [hand.run() for _ in range(4)]
        assert (order[0], order[3]) == (new, bottom.id)

    def test_a_task_of_which_something_else_failed_stays_impossible(self, backend: Backend) -> None:
        hand, parents = Hand(backend), new_tasks(2)
        child = new_task(depends_on=(parents[0].id, parents[1].id))
        backend.queue.submit([*parents, child])
        for parent in parents:
            hand.fail(hand.take(parent.id))
        first = retry(backend, parents[0].id)
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE
        hand.run(first)
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE
        second = retry(backend, parents[1].id)
        assert status_of(backend, child.id) is TaskStatus.DEFERRED
        hand.run(second)
        assert waiting_in(backend) == [child.id]

    def test_a_revived_task_can_fail_again(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,))])
        hand.fail(hand.take(parent.id))
        new = retry(backend, parent.id)
        hand.fail(hand.take(new))
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE
        hand.run(retry(backend, parent.id))
        assert waiting_in(backend) == [child.id]

    def test_a_revived_task_still_waits_for_its_time(self, backend: Backend) -> None:
        parent = new_task()
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,), delay=60.0)])
        due = record_of(backend, child.id).due
        backend.queue.cancel(parent.id)
        retry(backend, parent.id)
        assert record_of(backend, child.id).due == pytest.approx(due, abs=0.001)

    def test_many_dependents_are_all_revived(self, backend: Backend) -> None:
        parent = new_task()
        children = new_tasks(520, depends_on=(parent.id,))
        backend.queue.submit([parent, *children])
        backend.queue.cancel(parent.id)
        new = retry(backend, parent.id)
        assert backend.queue.overview()[TaskStatus.DEFERRED] == 520
        Hand(backend).run(new)
        assert backend.queue.overview()[TaskStatus.PENDING] == 520
