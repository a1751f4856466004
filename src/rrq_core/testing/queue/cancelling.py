"""Laws of `Queue.cancel` and `Queue.remove`."""

import pytest

from rrq_core.errors import TaskNotFound
from rrq_core.model.ids import DEFAULT_QUEUE, QueueName, new_task_id
from rrq_core.model.status import OnLost, TaskStatus, WorkerStatus
from rrq_core.model.task import Cancelled, CancelReply, NewTask, Standing
from rrq_core.model.work import FinishReply
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import record_of, status_of, unchanged, waiting_in
from rrq_core.testing.queue.finishing import FAILURES
from rrq_core.testing.waiting import wait_until

DONE = Cancelled(reply=CancelReply.DONE, status=TaskStatus.CANCELLED)


class CancellingTests(ContractCase):
    """Who does not want a task any more."""

    @pytest.mark.parametrize("delay", [0.0, 60.0], ids=["pending", "delayed"])
    def test_a_waiting_task_is_cancelled(self, backend: Backend, delay: float) -> None:
        backend.queue.submit([task := new_task(delay=delay), other := new_task()])
        assert backend.queue.cancel(task.id) == DONE
        record = record_of(backend, task.id)
        assert (record.status, record.due) == (TaskStatus.CANCELLED, None)
        assert record.reason is not None
        assert waiting_in(backend) == [other.id]

    def test_a_cancelled_task_is_never_handed_out(self, backend: Backend) -> None:
        backend.queue.submit([task := new_task(delay=0.01), witness := new_task(delay=0.01)])
        backend.queue.cancel(task.id)
        wait_until(lambda: backend.queue.recover(now=True) and waiting_in(backend), "their time has come")
        assert waiting_in(backend) == [witness.id]

    def test_a_task_that_waits_for_another_is_cancelled(self, backend: Backend) -> None:
        parent = new_task()
        child = new_task(depends_on=(parent.id,))
        grandchild = new_task(depends_on=(child.id,))
        backend.queue.submit([parent, child, grandchild])
        assert backend.queue.cancel(child.id) == DONE
        assert status_of(backend, grandchild.id) is TaskStatus.IMPOSSIBLE
        Hand(backend).run(parent.id)
        assert status_of(backend, child.id) is TaskStatus.CANCELLED
        assert waiting_in(backend) == []

    def test_a_task_inside_its_worker_cannot_be_stopped(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task())
        with unchanged(backend):
            answer = backend.queue.cancel(work.claim.task)
            assert answer == Cancelled(reply=CancelReply.LOCAL, status=TaskStatus.RUNNING)
            assert hand.tell(work.claim) is Standing.HELD

    def test_a_task_in_a_process_of_its_own_is_asked_to_stop(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task(separate_process=True))
        answer = backend.queue.cancel(work.claim.task)
        assert answer == Cancelled(reply=CancelReply.ASKED, status=TaskStatus.RUNNING)
        assert hand.tell(work.claim) is Standing.CANCEL
        hand.fail(work, TaskStatus.CANCELLED)
        assert status_of(backend, work.claim.task) is TaskStatus.CANCELLED

    def test_what_the_worker_reports_wins_over_a_cancel(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task(separate_process=True))
        backend.queue.cancel(work.claim.task)
        hand.complete(work)
        assert status_of(backend, work.claim.task) is TaskStatus.COMPLETE

    def test_a_task_that_was_asked_to_stop_is_not_tried_again(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task(separate_process=True, retries=3))
        backend.queue.cancel(work.claim.task)
        reply = hand.finish(work, TaskStatus.ERROR, new_value(b"failure"), retry_in=0.0)
        self.assert_answer(reply, FinishReply.OK, FinishReply.ALREADY)
        assert status_of(backend, work.claim.task) is TaskStatus.ERROR
        assert waiting_in(backend) == []

    @pytest.mark.parametrize("idle", [False, True], ids=["lost", "never-begun"])
    def test_a_task_that_was_asked_to_stop_is_not_put_back(self, backend: Backend, idle: bool) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task(separate_process=True, on_lost=OnLost.REQUEUE))
        backend.queue.cancel(work.claim.task)
        backend.workers.leave(hand.session, WorkerStatus.EXITED, "", idle)
        assert status_of(backend, work.claim.task) is (TaskStatus.CANCELLED if idle else TaskStatus.DIED)
        assert waiting_in(backend) == []

    @pytest.mark.parametrize("status", [TaskStatus.COMPLETE, *FAILURES])
    def test_what_is_over_stays_as_it_is(self, backend: Backend, status: TaskStatus) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task())
        hand.fail(work, status)
        with unchanged(backend):
            answer = backend.queue.cancel(work.claim.task)
        assert answer == Cancelled(reply=CancelReply.OVER, status=status)

    def test_an_unknown_task_cannot_be_cancelled(self, backend: Backend) -> None:
        unknown = new_task_id()
        with unchanged(backend), pytest.raises(TaskNotFound) as refused:
            backend.queue.cancel(unknown)
        assert refused.value.tasks == (unknown,)


class RemovingTests(ContractCase):
    """Tasks that are taken out of a queue."""

    def submitted(self, backend: Backend, count: int) -> list[NewTask]:
        """Submit tasks to the default queue."""
        tasks = new_tasks(count)
        backend.queue.submit(tasks)
        return tasks

    @pytest.mark.parametrize("count", [1, 40], ids=["one", "many"])
    def test_removed_tasks_are_cancelled_and_the_others_keep_their_order(self, backend: Backend, count: int) -> None:
        tasks = self.submitted(backend, count + 3)
        gone, kept = (
            [task.id for task in tasks[1 : count + 1]],
            [tasks[0].id, *(task.id for task in tasks[count + 1 :])],
        )
        assert backend.queue.remove(gone, DEFAULT_QUEUE) == [True] * count
        assert waiting_in(backend) == kept
        assert {status_of(backend, task) for task in gone} == {TaskStatus.CANCELLED}

    def test_only_what_waits_in_that_queue_is_removed(self, backend: Backend) -> None:
        elsewhere, waiting = new_task(queue=QueueName("elsewhere")), new_task()
        running, done = self.submitted(backend, 2)
        hand = Hand(backend)
        hand.run(done.id)
        hand.take(running.id)
        backend.queue.submit([elsewhere, waiting])
        asked = [running.id, elsewhere.id, waiting.id, new_task_id(), done.id]
        assert backend.queue.remove(asked, DEFAULT_QUEUE) == [False, False, True, False, False]
        statuses = [status_of(backend, task) for task in asked]
        assert statuses == ["RUNNING", "PENDING", "CANCELLED", "MISSING", "COMPLETE"]
        assert waiting_in(backend, elsewhere.queue) == [elsewhere.id]

    def test_dependents_of_a_removed_task_are_impossible(self, backend: Backend) -> None:
        parent = self.submitted(backend, 1)[0]
        backend.queue.submit([child := new_task(depends_on=(parent.id,))])
        backend.queue.remove([parent.id], DEFAULT_QUEUE)
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE

    def test_removing_nothing_is_fine(self, backend: Backend) -> None:
        self.submitted(backend, 1)
        with unchanged(backend):
            assert backend.queue.remove([], DEFAULT_QUEUE) == []
            assert backend.queue.remove([new_task_id()], QueueName("nobody uses this")) == [False]
