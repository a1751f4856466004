"""Laws of `Queue.step` in handing out, and of `Queue.update`."""

from threading import Thread

import pytest

from rrq_core.errors import Fenced
from rrq_core.model.ids import DEFAULT_QUEUE, QueueName, TaskId, WorkerId
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import Standing, TaskField
from rrq_core.model.work import Claim, MessageIn, Session, Take, Work
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import bytes_of, record_of, status_of, unchanged, waiting_in, worker_of

HIGH, LOW = QueueName("high"), QueueName("low")


class ClaimingTests(ContractCase):
    """How tasks come to workers."""

    def test_a_claimed_task_runs_under_its_worker_and_waits_no_more(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        record = record_of(backend, task.id)
        assert (record.status, record.worker, record.attempt) == (TaskStatus.RUNNING, hand.worker.id, 1)
        assert waiting_in(backend) == []
        worker = worker_of(backend, hand.worker.id)
        assert (worker.status, worker.task) == (WorkerStatus.BUSY, task.id)
        assert work.claim == Claim(session=hand.session, task=task.id, attempt=1)

    def test_the_attempt_that_goes_on_is_shown_as_such(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task())
        (attempt,) = record_of(backend, work.claim.task).attempts or ()
        assert (attempt.number, attempt.worker, attempt.end) == (1, hand.worker.id, None)
        assert attempt.status is TaskStatus.RUNNING

    def test_a_look_tells_the_status_whatever_was_asked_for(self, backend: Backend) -> None:
        backend.queue.submit([task := new_task()])
        (record,) = backend.queue.read([task.id], frozenset({TaskField.QUEUE}), follow=False)
        assert record is not None
        assert (record.status, record.queue, record.times) == (TaskStatus.PENDING, DEFAULT_QUEUE, None)

    def test_work_brings_all_that_is_needed_to_run_it(self, backend: Backend) -> None:
        value = new_value(b"argument")
        task = new_task(body=b"call", queue=LOW, separate_process=True, timeout=1.5, values=(value.hash,))
        backend.queue.submit([task], [value])
        work = Hand(backend, [LOW]).take()
        assert (work.root, work.body, work.queue) == (task.id, b"call", LOW)
        assert (work.separate_process, work.timeout, work.checkpoint) == (True, 1.5, None)
        assert (dict(work.values), dict(work.results)) == ({value.hash: b"argument"}, {})

    def test_values_that_are_too_large_to_travel_can_be_fetched(self, backend: Backend) -> None:
        small, large = new_value(b"small"), new_value(b"x" * 1_000_000)
        backend.queue.submit([new_task(values=(small.hash, large.hash))], [small, large])
        work = Hand(backend).take()
        assert work.values[small.hash] == b"small"
        assert work.values.get(large.hash, bytes_of(backend, large.hash)) == large.data

    def test_queues_are_served_in_order_of_priority(self, backend: Backend) -> None:
        low, high = new_task(queue=LOW), new_task(queue=HIGH)
        backend.queue.submit([low])
        backend.queue.submit([high])
        hand = Hand(backend, [HIGH, LOW])
        assert [hand.run(), hand.run()] == [high.id, low.id]

    def test_a_worker_gets_tasks_of_its_own_queues_only(self, backend: Backend) -> None:
        backend.queue.submit([new_task(queue=LOW)])
        assert Hand(backend, [HIGH]).look() is None

    def test_a_queue_is_served_first_come_first(self, backend: Backend) -> None:
        ids = [answer.task for answer in backend.queue.submit(new_tasks(4))]
        hand = Hand(backend)
        assert [hand.run() for _ in ids] == ids

    def test_a_held_task_is_handed_out_again(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.queue.submit(new_tasks(2))
        work = hand.take()
        with unchanged(backend):
            assert hand.look() == work

    def test_a_task_goes_to_one_worker(self, backend: Backend) -> None:
        backend.queue.submit(new_tasks(2))
        hands = [Hand(backend) for _ in range(3)]
        works = [hand.look() for hand in hands]
        assert len({work.claim.task for work in works if isinstance(work, Work)}) == 2
        assert works[2] is None

    def test_workers_at_once_take_each_task_once(self, backend: Backend) -> None:
        ids = [answer.task for answer in backend.queue.submit(new_tasks(60))]
        taken: list[TaskId] = []

        def work_off(hand: Hand) -> None:
            while isinstance(work := hand.look(), Work):
                hand.complete(work)
                taken.append(work.claim.task)

        threads = [Thread(target=work_off, args=(Hand(backend),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == sorted(ids)
        assert {record_of(backend, task).attempt for task in ids} == {1}

    def test_a_wanted_task_is_taken_past_all_others(self, backend: Backend) -> None:
        first, wanted, last = (answer.task for answer in backend.queue.submit(new_tasks(3)))
        assert Hand(backend).take(wanted).claim.task == wanted
        assert waiting_in(backend) == [first, last]

    def test_a_wanted_task_is_taken_while_it_waits_only(self, backend: Backend) -> None:
        done, waiting = new_tasks(2)
        hand = Hand(backend)
        backend.queue.submit([done, waiting])
        hand.run(done.id)
        for wanted in (done.id, new_task().id):
            take = Take(queues=(DEFAULT_QUEUE,), task=wanted)
            assert backend.queue.step(hand.session, take=take).work is None
        assert waiting_in(backend) == [waiting.id]

    def test_a_worker_without_work_is_what_it_says(self, backend: Backend) -> None:
        hand = Hand(backend)
        for status in (WorkerStatus.PAUSED, WorkerStatus.IDLE):
            hand.step(idle_status=status)
            assert worker_of(backend, hand.worker.id).status is status

    def test_messages_come_before_tasks(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.queue.submit([new_task()])
        message = backend.messages.send(b"hello", [hand.worker.id])
        assert hand.look() == MessageIn(id=message, body=b"hello")
        backend.messages.answer(hand.session, message, b"hi")
        assert isinstance(hand.look(), Work)

    def test_a_message_is_handed_out_until_it_is_answered(self, backend: Backend) -> None:
        hand = Hand(backend)
        message = backend.messages.send(b"hello", [hand.worker.id])
        assert hand.take_message() == hand.take_message() == MessageIn(id=message, body=b"hello")

    def test_without_queues_only_messages_are_handed_out(self, backend: Backend) -> None:
        hand = Hand(backend, [])
        backend.queue.submit([new_task()])
        assert hand.look() is None
        backend.messages.send(b"hello", [hand.worker.id])
        assert isinstance(hand.look(), MessageIn)

    def test_a_step_may_take_nothing(self, backend: Backend) -> None:
        hand = Hand(backend)
        ids = [answer.task for answer in backend.queue.submit([new_task()])]
        assert backend.queue.step(hand.session).work is None
        assert waiting_in(backend) == ids

    def test_who_finds_nothing_learns_when_a_task_falls_due(self, backend: Backend) -> None:
        hand = Hand(backend)
        assert hand.step().look_again is None
        backend.queue.submit([new_task(delay=30)])
        look_again = hand.step().look_again
        assert look_again is not None
        assert 0 < look_again <= 30

    def test_a_stranger_gets_nothing(self, backend: Backend) -> None:
        backend.queue.submit([new_task()])
        stranger = Session(worker=WorkerId("nobody"), token="0" * 16)
        with unchanged(backend), pytest.raises(Fenced):
            backend.queue.step(stranger, take=Take(queues=(DEFAULT_QUEUE,)))


class UpdatingTests(ContractCase):
    """What a running task tells of itself."""

    def test_a_running_task_tells_of_itself(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        claim = hand.submit_and_take(task).claim
        assert hand.tell(claim, progress=b"half \0 way", pid=42, logfile="/tmp/log") is Standing.HELD
        assert hand.tell(claim, progress=b"done") is Standing.HELD
        record = record_of(backend, task.id)
        assert (record.progress, record.pid, record.logfile) == (b"done", 42, "/tmp/log")

    def test_an_empty_change_only_asks(self, backend: Backend) -> None:
        hand = Hand(backend)
        claim = hand.submit_and_take(new_task()).claim
        with unchanged(backend):
            assert hand.tell(claim) is Standing.HELD

    def test_the_progress_of_an_old_attempt_is_refused(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(retries=1)
        old = hand.submit_and_take(task)
        hand.finish(old, TaskStatus.ERROR, retry_in=0.0)
        self.settle()
        backend.queue.recover(now=True)
        hand.take(task.id)
        with unchanged(backend):
            assert hand.tell(old.claim, progress=b"from the past", checkpoint=new_value(b"old")) is Standing.GONE

    def test_nothing_is_told_of_a_task_that_has_ended_or_gone(self, backend: Backend) -> None:
        hand = Hand(backend)
        ended, gone = hand.submit_and_take(new_task()), new_task()
        hand.complete(ended)
        deleted = hand.submit_and_take(gone)
        backend.queue.delete([gone.id], even_running=True)
        for work in (ended, deleted):
            with unchanged(backend):
                assert hand.tell(work.claim, progress=b"late", pid=1) is Standing.GONE
        assert status_of(backend, gone.id) is TaskStatus.MISSING

    def test_another_session_cannot_tell_anything(self, backend: Backend) -> None:
        hand, other = Hand(backend), Hand(backend)
        claim = hand.submit_and_take(new_task()).claim
        forged = Claim(session=other.session, task=claim.task, attempt=claim.attempt)
        with unchanged(backend):
            assert hand.tell(forged, progress=b"not mine") is Standing.GONE

    def test_a_checkpoint_is_handed_to_the_next_attempt(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(retries=1)
        work = hand.submit_and_take(task)
        hand.tell(work.claim, checkpoint=new_value(b"step 1"))
        hand.tell(work.claim, checkpoint=new_value(b"step 2"))
        hand.finish(work, TaskStatus.ERROR, retry_in=0.0)
        backend.queue.recover(now=True)
        again = hand.take(task.id)
        assert bytes_of(backend, again.checkpoint) == b"step 2"

    def test_a_checkpoint_replaces_the_one_before_and_goes_with_its_task(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task())
        for content in (b"step 1", b"step 2", b"step 2"):
            hand.tell(work.claim, checkpoint=new_value(content))
        assert set(backend.objects.hashes()) == {new_value(b"step 2").hash}
        hand.complete(work)
        backend.queue.delete([work.claim.task])
        assert set(backend.objects.hashes()) == set()
