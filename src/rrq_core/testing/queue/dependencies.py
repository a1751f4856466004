"""Laws of tasks that wait for other tasks, or for a time."""

import time

import pytest

from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry
from rrq_core.model.work import Work
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import bytes_of, record_of, status_of, waiting_in
from rrq_core.testing.queue.finishing import FAILURES
from rrq_core.testing.waiting import wait_until

LONGEST_SLEEP = 4.0  # seconds, of a worker that is told of nothing


class DependencyTests(ContractCase):
    """When a task that depends on others may start."""

    def test_a_task_waits_until_its_dependency_is_complete(self, backend: Backend) -> None:
        parent = new_task()
        child = new_task(depends_on=(parent.id,))
        backend.queue.submit([parent])
        backend.queue.submit([child])
        assert status_of(backend, child.id) is TaskStatus.DEFERRED
        assert waiting_in(backend) == [parent.id]
        Hand(backend).run(parent.id)
        assert status_of(backend, child.id) is TaskStatus.PENDING

    def test_a_released_task_goes_to_the_front(self, backend: Backend) -> None:
        parent, other = new_tasks(2)
        child = new_task(depends_on=(parent.id,))
        backend.queue.submit([parent, child, other])
        Hand(backend).run(parent.id)
        assert waiting_in(backend) == [child.id, other.id]

    def test_a_task_waits_for_all_its_dependencies(self, backend: Backend) -> None:
        parents = new_tasks(3)
        child = new_task(depends_on=tuple(task.id for task in parents))
        backend.queue.submit([*parents, child])
        hand = Hand(backend)
        for parent in parents[1:]:
            hand.run(parent.id)
            assert status_of(backend, child.id) is TaskStatus.DEFERRED
        assert record_of(backend, child.id).waits_for == (parents[0].id,)
        hand.run(parents[0].id)
        assert waiting_in(backend) == [child.id]

    def test_two_dependencies_that_end_together_queue_a_task_once(self, backend: Backend) -> None:
        parents, hands = new_tasks(2), [Hand(backend), Hand(backend)]
        child = new_task(depends_on=tuple(task.id for task in parents))
        backend.queue.submit([*parents, child])
        works = [hand.take() for hand in hands]
        for hand, work in zip(hands, works, strict=True):
            hand.complete(work)
            hand.complete(work)
        assert waiting_in(backend) == [child.id]

    def test_a_dependency_that_was_complete_before_holds_nobody_up(self, backend: Backend) -> None:
        parent = new_task()
        backend.queue.submit([parent])
        Hand(backend).run()
        backend.queue.submit([child := new_task(depends_on=(parent.id,))])
        assert status_of(backend, child.id) is TaskStatus.PENDING

    def test_a_task_may_depend_on_an_earlier_one_of_its_submission(self, backend: Backend) -> None:
        parent = new_task()
        child = new_task(depends_on=(parent.id,))
        answers = backend.queue.submit([parent, child])
        assert [answer.status for answer in answers] == [TaskStatus.PENDING, TaskStatus.DEFERRED]

    def test_a_task_knows_whom_it_waits_for_and_who_needs_it(self, backend: Backend) -> None:
        done, parent = new_tasks(2)
        child = new_task(depends_on=(done.id, parent.id))
        backend.queue.submit([done, parent, child])
        Hand(backend).run(done.id)
        record = record_of(backend, child.id)
        assert set(record.depends_on or ()) == {done.id, parent.id}
        assert record.waits_for == (parent.id,)
        assert record_of(backend, parent.id).needed_by == (child.id,)

    def test_a_chain_runs_in_order(self, backend: Backend) -> None:
        chain = [new_task()]
        for _ in range(5):
            chain.append(new_task(depends_on=(chain[-1].id,)))
        backend.queue.submit(chain)
        hand = Hand(backend)
        assert [hand.run() for _ in chain] == [task.id for task in chain]

    def test_many_dependents_are_all_released(self, backend: Backend) -> None:
        parent = new_task()
        children = new_tasks(520, depends_on=(parent.id,))
        backend.queue.submit([parent, *children])
        Hand(backend).run(parent.id)
        self.settle()
        assert sorted(waiting_in(backend)) == sorted(task.id for task in children)

    def test_depending_on_a_retried_task_is_depending_on_what_became_of_it(self, backend: Backend) -> None:
        hand, parent, again = Hand(backend), new_task(), new_task()
        hand.fail(hand.submit_and_take(parent))
        backend.queue.retry([NewRetry(task=parent.id, new=again.id)])
        backend.queue.submit([child := new_task(depends_on=(parent.id,), takes_result_of=(parent.id,))])
        assert status_of(backend, child.id) is TaskStatus.DEFERRED
        hand.run(again.id, b"second try")
        work = hand.take(child.id)
        assert dict(work.results) == {parent.id: new_value(b"second try").hash}


class FailedDependencyTests(ContractCase):
    """What cannot happen any more."""

    @pytest.mark.parametrize("status", FAILURES)
    def test_a_failed_dependency_makes_its_dependents_impossible(self, backend: Backend, status: TaskStatus) -> None:
        hand, parent = Hand(backend), new_task()
        child = new_task(depends_on=(parent.id,))
        grandchild = new_task(depends_on=(child.id,), delay=60.0)
        backend.queue.submit([parent, child, grandchild])
        hand.fail(hand.take(parent.id), status)
        for task, culprit in ((child, parent), (grandchild, child)):
            record = record_of(backend, task.id)
            assert (record.status, record.due) == (TaskStatus.IMPOSSIBLE, None)
            assert record.reason is not None
            assert culprit.id in record.reason.detail
            assert record.times is not None
            assert record.times.complete is not None

    def test_a_dependency_that_had_failed_before_makes_a_task_impossible_at_once(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        hand.fail(hand.submit_and_take(parent))
        child = new_task(depends_on=(parent.id,))
        answers = backend.queue.submit([child, new_task(depends_on=(child.id,))])
        assert [answer.status for answer in answers] == [TaskStatus.IMPOSSIBLE, TaskStatus.IMPOSSIBLE]
        reason = record_of(backend, child.id).reason
        assert reason is not None
        assert parent.id in reason.detail

    def test_one_failure_is_enough(self, backend: Backend) -> None:
        hand, bad, good = Hand(backend), new_task(), new_task()
        child = new_task(depends_on=(bad.id, good.id))
        backend.queue.submit([bad, good, child])
        hand.fail(hand.take(bad.id))
        hand.run(good.id)
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE
        assert waiting_in(backend) == []

    def test_who_needs_a_live_task_is_known_though_another_one_failed(self, backend: Backend) -> None:
        failed, alive = new_task(), new_task()
        child = new_task(depends_on=(failed.id, alive.id))
        backend.queue.submit([failed, alive, child])
        backend.queue.cancel(failed.id)
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE
        assert record_of(backend, alive.id).needed_by == (child.id,)
        assert record_of(backend, failed.id).needed_by == ()

    def test_many_dependents_are_all_made_impossible(self, backend: Backend) -> None:
        parent = new_task()
        children = new_tasks(510, depends_on=(parent.id,))
        grandchildren = [new_task(depends_on=(child.id,)) for child in children[:20]]
        backend.queue.submit([parent, *children, *grandchildren])
        backend.queue.cancel(parent.id)
        self.settle()
        assert backend.queue.overview()[TaskStatus.IMPOSSIBLE] == 530

    def test_a_diamond_fails_as_a_whole(self, backend: Backend) -> None:
        top = new_task()
        sides = new_tasks(2, depends_on=(top.id,))
        bottom = new_task(depends_on=(sides[0].id, sides[1].id))
        backend.queue.submit([top, *sides, bottom])
        backend.queue.cancel(top.id)
        assert {status_of(backend, task.id) for task in (*sides, bottom)} == {TaskStatus.IMPOSSIBLE}


class ArgumentTests(ContractCase):
    """Results of tasks as arguments of others."""

    def test_a_result_is_handed_to_who_takes_it(self, backend: Backend) -> None:
        hand, parents = Hand(backend), new_tasks(2)
        ids: tuple[TaskId, ...] = tuple(task.id for task in parents)
        child = new_task(depends_on=ids, takes_result_of=ids[:1])
        backend.queue.submit([*parents, child])
        for parent in ids:
            hand.run(parent, b"result of " + parent.encode())
        work = hand.take(child.id)
        expected = b"result of " + ids[0].encode()
        assert dict(work.results) == {ids[0]: new_value(expected).hash}
        assert bytes_of(backend, work.results[ids[0]]) == expected

    def test_a_result_that_was_there_before_is_handed_over_too(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        hand.complete(hand.submit_and_take(parent), b"early")
        backend.queue.submit([new_task(depends_on=(parent.id,), takes_result_of=(parent.id,))])
        assert dict(hand.take().results) == {parent.id: new_value(b"early").hash}

    @pytest.mark.parametrize("is_early", [True, False], ids=["submitted-before", "submitted-after"])
    def test_the_result_of_a_parent_survives_its_deletion(self, backend: Backend, is_early: bool) -> None:
        hand, parent = Hand(backend), new_task()
        child = new_task(depends_on=(parent.id,), takes_result_of=(parent.id,))
        backend.queue.submit([parent, child] if is_early else [parent])
        hand.run(parent.id, b"kept")
        backend.queue.submit([child])
        backend.queue.delete([parent.id])
        work = hand.take(child.id)
        assert bytes_of(backend, work.results[parent.id]) == b"kept"
        hand.complete(work)
        backend.queue.delete([child.id])
        assert list(backend.objects.hashes()) == []


class DelayTests(ContractCase):
    """Tasks that wait for a time."""

    def test_a_delayed_task_waits_for_its_time(self, backend: Backend) -> None:
        backend.queue.submit([task := new_task(delay=60.0)])
        record = record_of(backend, task.id)
        assert record.status is TaskStatus.DEFERRED
        assert record.due is not None
        assert record.times is not None
        assert record.times.submit is not None
        assert record.due == pytest.approx(record.times.submit + 60.0, abs=0.5)
        assert waiting_in(backend) == []
        assert Hand(backend).look() is None

    def test_a_due_task_is_handed_out(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(delay=0.05)
        backend.queue.submit([task])
        assert wait_until(hand.look, "the due task is handed out")
        assert record_of(backend, task.id).due is None

    def test_a_due_task_goes_to_the_end_or_to_the_front_as_it_wished(self, backend: Backend) -> None:
        waiting, patient, urgent = new_task(), new_task(delay=0.01), new_task(delay=0.01, front=True)
        backend.queue.submit([waiting, patient, urgent])
        wait_until(lambda: backend.queue.recover(now=True) and len(waiting_in(backend)) == 3, "both are due")
        assert waiting_in(backend) == [urgent.id, waiting.id, patient.id]

    def test_a_task_with_a_dependency_and_a_delay_waits_for_both(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        late, soon = new_task(depends_on=(parent.id,), delay=60.0), new_task(depends_on=(parent.id,), delay=0.01)
        backend.queue.submit([parent, late, soon])
        wait_until(lambda: backend.queue.recover(now=True) and record_of(backend, soon.id).due is None, "it is due")
        assert status_of(backend, soon.id) is TaskStatus.DEFERRED
        hand.run(parent.id)
        assert (status_of(backend, soon.id), status_of(backend, late.id)) == (TaskStatus.PENDING, TaskStatus.DEFERRED)
        assert record_of(backend, late.id).waits_for == ()

    @pytest.mark.parametrize("knows", [False, True], ids=["who never heard of it", "who would have looked then"])
    def test_a_due_task_wakes_who_sleeps_though_another_worker_got_busy(self, backend: Backend, knows: bool) -> None:
        busy, sleeper = Hand(backend), Hand(backend)
        assert (busy.look(), sleeper.look()) == (None, None)
        backend.queue.submit([task := new_task(delay=0.2)])
        assert not knows or busy.look() is None
        backend.queue.submit([other := new_task()])
        assert busy.take().claim.task == other.id
        start = time.monotonic()
        work, longest = None, LONGEST_SLEEP
        while work is None:
            backend.workers.wait(sleeper.session, sleeper.queues, longest)
            step = sleeper.step()
            work, longest = step.work, step.look_again or LONGEST_SLEEP
        assert isinstance(work, Work)
        assert work.claim.task == task.id
        assert time.monotonic() - start < LONGEST_SLEEP / 2

    def test_a_delay_does_not_hold_up_others(self, backend: Backend) -> None:
        backend.queue.submit([new_task(delay=60.0), task := new_task()])
        assert Hand(backend).take().claim.task == task.id
