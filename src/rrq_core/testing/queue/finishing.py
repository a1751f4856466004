"""Laws of `Queue.step` in recording how tasks end."""

import pytest
from attrs import evolve

from rrq_core.errors import Fenced
from rrq_core.model.ids import Tag
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import NewRetry
from rrq_core.model.work import Finished, FinishReply, Work
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import bytes_of, record_of, status_of, unchanged, waiting_in, worker_of

FAILURES = (TaskStatus.ERROR, TaskStatus.CANCELLED, TaskStatus.DIED, TaskStatus.TIMEOUT)


class FinishingTests(ContractCase):
    """How the end of a task is recorded."""

    def test_a_finish_records_status_and_result(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        reply = hand.complete(hand.submit_and_take(task), b"\0value")
        self.assert_answer(reply, FinishReply.OK, FinishReply.ALREADY)
        record = record_of(backend, task.id)
        assert (record.status, record.result) == (TaskStatus.COMPLETE, new_value(b"\0value").hash)
        assert record.value is not None
        assert record.value.data is not None
        assert (bytes(record.value.data), record.value.size) == (b"\0value", 6)
        worker = worker_of(backend, hand.worker.id)
        assert (worker.status, worker.task) == (WorkerStatus.IDLE, None)

    def test_one_step_finishes_and_takes(self, backend: Backend) -> None:
        hand = Hand(backend)
        first, second = (answer.task for answer in backend.queue.submit(new_tasks(2)))
        work = hand.take()
        step = hand.step(Finished(claim=work.claim, status=TaskStatus.COMPLETE, result=new_value(b"1")))
        self.assert_answer(step.finish, FinishReply.OK, FinishReply.ALREADY)
        assert isinstance(step.work, Work)
        assert step.work.claim.task == second
        assert (status_of(backend, first), status_of(backend, second)) == (TaskStatus.COMPLETE, TaskStatus.RUNNING)

    @pytest.mark.parametrize("status", FAILURES)
    def test_a_failure_is_recorded_with_its_words(self, backend: Backend, status: TaskStatus) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        hand.finish(work, status, new_value(b"failure"), note="ValueError: no", log=b"last \xff words")
        record = record_of(backend, task.id)
        assert (record.status, record.log) == (status, b"last \xff words")
        assert bytes_of(backend, record.result) == b"failure"
        assert record.attempts is not None
        attempt = record.attempts[0]
        assert (attempt.number, attempt.worker, attempt.status) == (1, hand.worker.id, status)
        assert attempt.error == "ValueError: no"
        assert attempt.end is not None
        assert attempt.end >= attempt.start

    def test_each_claim_is_an_attempt(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(retries=1)
        hand.finish(hand.submit_and_take(task), TaskStatus.ERROR, retry_in=0.0, note="once")
        backend.queue.recover(now=True)
        hand.complete(hand.take(task.id))
        attempts = record_of(backend, task.id).attempts or ()
        assert [(attempt.number, attempt.status) for attempt in attempts] == [
            (1, TaskStatus.ERROR),
            (2, TaskStatus.COMPLETE),
        ]

    def test_times_never_go_backwards_along_a_task(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        hand.complete(hand.submit_and_take(task))
        backend.queue.retry([NewRetry(task=task.id, new=new_task().id)])
        times = record_of(backend, task.id).times
        assert times is not None
        reached = [times.submit, times.start, times.complete, times.moved]
        assert None not in reached
        assert reached == sorted(reached, key=lambda time: time or 0.0)

    def test_a_finish_sent_again_changes_nothing(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task())
        hand.complete(work)
        with unchanged(backend):
            assert hand.complete(work, b"another result") is FinishReply.ALREADY

    def test_equal_results_are_stored_once(self, backend: Backend) -> None:
        hand = Hand(backend)
        ids = [answer.task for answer in backend.queue.submit(new_tasks(2))]
        for task in ids:
            hand.run(task, b"None")
        assert list(backend.objects.hashes()) == [new_value(b"None").hash]
        backend.queue.delete(ids[:1])
        assert bytes_of(backend, record_of(backend, ids[1]).result) == b"None"

    def test_a_result_that_was_put_before_is_named_by_its_hash(self, backend: Backend) -> None:
        hand, task, value = Hand(backend), new_task(), new_value(b"put before")
        work = hand.submit_and_take(task)
        backend.objects.put(Tag(task.id), [value], work.claim)
        hand.finish(work, TaskStatus.COMPLETE, value.hash)
        assert bytes_of(backend, record_of(backend, task.id).result) == b"put before"

    def test_a_finish_of_a_deleted_task_is_refused_and_nothing_reappears(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        backend.queue.delete([task.id], even_running=True)
        assert hand.complete(work) is FinishReply.REFUSED
        with unchanged(backend):
            assert hand.complete(work) is FinishReply.REFUSED
        assert list(backend.queue.tasks()) == []
        assert list(backend.objects.hashes()) == []
        assert list(backend.objects.tags()) == []

    def test_a_finish_of_a_moved_task_changes_nothing(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        hand.fail(work)
        backend.queue.retry([NewRetry(task=task.id, new=new_task().id)])
        with unchanged(backend):
            assert hand.complete(work, b"late") in (FinishReply.ALREADY, FinishReply.REFUSED)

    def test_a_finish_of_another_attempt_changes_nothing(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(retries=1)
        old = hand.submit_and_take(task)
        hand.finish(old, TaskStatus.ERROR, retry_in=0.0)
        backend.queue.recover(now=True)
        current = hand.take(task.id)
        invented = evolve(current, claim=evolve(current.claim, attempt=7))
        with unchanged(backend):
            assert hand.complete(old, b"late") is FinishReply.ALREADY
            assert hand.complete(invented, b"early") is FinishReply.REFUSED

    def test_a_finish_of_what_another_worker_runs_is_refused(self, backend: Backend) -> None:
        hand, other = Hand(backend), Hand(backend)
        work = hand.submit_and_take(new_task())
        forged = evolve(work, claim=evolve(work.claim, session=other.session))
        with unchanged(backend):
            assert other.complete(forged) is FinishReply.REFUSED

    def test_who_has_left_is_fenced(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        backend.workers.leave(hand.session, WorkerStatus.EXITED, "")
        with unchanged(backend), pytest.raises(Fenced):
            hand.complete(work)
        assert status_of(backend, task.id) is TaskStatus.DIED

    def test_who_was_declared_lost_is_fenced(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        backend.workers.leave(hand.session, WorkerStatus.LOST, "SIGKILL")
        with unchanged(backend), pytest.raises(Fenced):
            hand.complete(work)
        assert bytes_of(backend, new_value(b"result").hash) is None

    def test_a_second_registration_fences_the_first(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task())
        backend.workers.leave(hand.session, WorkerStatus.LOST, "")
        successor = Hand(backend, worker=hand.worker)
        with unchanged(backend), pytest.raises(Fenced):
            hand.complete(work)
        assert successor.look() is None


class AutomaticRetryTests(ContractCase):
    """Errors that are tried again by themselves."""

    def test_an_error_is_tried_again_after_its_delay(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(retries=1)
        reply = hand.finish(hand.submit_and_take(task), TaskStatus.ERROR, new_value(b"e"), retry_in=30.0, note="once")
        self.assert_answer(reply, FinishReply.RETRY, FinishReply.ALREADY)
        record = record_of(backend, task.id)
        assert (record.status, record.result) == (TaskStatus.DEFERRED, None)
        assert record.due is not None
        assert record.times is not None
        assert record.times.submit is not None
        assert record.due > record.times.submit + 29
        assert waiting_in(backend) == []
        assert worker_of(backend, hand.worker.id).task is None

    def test_an_error_is_tried_as_often_as_was_allowed(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(retries=2)
        backend.queue.submit([task])
        for expected in (TaskStatus.PENDING, TaskStatus.PENDING, TaskStatus.ERROR):
            hand.finish(hand.take(task.id), TaskStatus.ERROR, new_value(b"e"), retry_in=0.0)
            assert status_of(backend, task.id) is expected
        assert status_of(backend, task.id) is TaskStatus.ERROR
        assert record_of(backend, task.id).attempt == 3

    def test_a_retry_without_delay_waits_in_its_queue_at_once(self, backend: Backend) -> None:
        hand, first, other = Hand(backend), new_task(retries=1), new_task()
        work = hand.submit_and_take(first)
        backend.queue.submit([other])
        hand.finish(work, TaskStatus.ERROR, new_value(b"e"), retry_in=0.0)
        assert waiting_in(backend) == [other.id, first.id]
        assert record_of(backend, first.id).due is None

    def test_an_error_of_another_kind_is_not_tried_again(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(retries=5)
        self.assert_answer(hand.fail(hand.submit_and_take(task)), FinishReply.OK, FinishReply.ALREADY)
        assert status_of(backend, task.id) is TaskStatus.ERROR

    def test_a_retry_that_is_due_is_taken_by_the_next_step(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(retries=1)
        work = hand.submit_and_take(task)
        ended = Finished(claim=work.claim, status=TaskStatus.ERROR, result=None, retry_in=0.0, note="once")
        step = hand.step(ended)
        again = step.work or hand.look()
        assert isinstance(again, Work)
        assert (again.claim.task, again.claim.attempt) == (task.id, 2)

    def test_a_finish_that_was_retried_leaves_no_value_behind(self, backend: Backend) -> None:
        hand = Hand(backend)
        hand.finish(hand.submit_and_take(new_task(retries=1)), TaskStatus.ERROR, new_value(b"e"), retry_in=30.0)
        assert list(backend.objects.hashes()) == []
