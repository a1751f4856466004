"""Laws of `Queue.recover`: what time brings."""

import time

import pytest

from rrq_core.errors import Fenced
from rrq_core.model.report import Recovered
from rrq_core.model.status import OnLost, TaskStatus, WorkerStatus
from rrq_core.model.task import Ended
from rrq_core.model.worker import HeartbeatTerms
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_watcher, new_worker
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import bytes_of, record_of, status_of, waiting_in, worker_of
from rrq_core.testing.waiting import wait_until

PERIOD, EXPIRE = 0.1, 0.3
FEW_LOOKS = 6


class RecoveringTests(ContractCase):
    """Time passes, and somebody looks after the queue."""

    def beating_hand(self, backend: Backend) -> Hand:
        """A worker with a quick heartbeat, of which it gives the first beat only."""
        terms = HeartbeatTerms(period=PERIOD, expire=EXPIRE)
        hand = Hand(backend, worker=new_worker(id="hand", heartbeat=terms))
        assert hand.beat()
        return hand

    def await_lapse(self, hand: Hand) -> None:
        """Let time pass until the heartbeat of a worker has lapsed; nobody looks after the queue meanwhile."""
        remaining = hand.backend.heartbeat.remaining
        wait_until(lambda: remaining([hand.heartbeat_key]) == [None], "the heartbeat has lapsed")

    def await_loss(self, hand: Hand) -> None:
        """Let time pass until a worker is found to be lost."""

        def is_lost() -> bool:
            hand.backend.queue.recover(now=True)
            return worker_of(hand.backend, hand.worker.id).status is WorkerStatus.LOST

        wait_until(is_lost, "the worker is lost")

    def test_a_worker_whose_heart_stopped_is_lost_and_its_task_has_died(self, backend: Backend) -> None:
        hand, watcher, task = self.beating_hand(backend), new_watcher(), new_task()
        child = new_task(depends_on=(task.id,))
        backend.queue.submit([task, child], watcher=watcher)
        work = hand.take()
        self.await_loss(hand)
        record = record_of(backend, task.id)
        assert record.status is TaskStatus.DIED
        assert record.reason is not None
        assert hand.worker.id in record.reason.detail
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE
        assert Ended(task=task.id, status=TaskStatus.DIED) in backend.queue.ended(watcher, 10.0)
        assert worker_of(backend, hand.worker.id).task is None
        with pytest.raises(Fenced):
            hand.complete(work)
        assert not hand.beat()
        assert backend.heartbeat.remaining([hand.heartbeat_key]) == [None]
        assert backend.workers.log_tail([hand.worker.id], 1)[0].command == "LOST"

    def test_recovery_names_who_was_lost_with_what(self, backend: Backend) -> None:
        hand, task = self.beating_hand(backend), new_task()
        hand.submit_and_take(task)
        found: list[Recovered] = []

        def is_lost() -> bool:
            found.append(backend.queue.recover(now=True))
            return worker_of(backend, hand.worker.id).status is WorkerStatus.LOST

        wait_until(is_lost, "the worker is lost")
        self.assert_answer(dict(found[-1].lost), {hand.worker.id: task.id}, {})
        self.assert_answer(found[-1].died, (task.id,), ())
        assert not backend.queue.recover(now=True).lost

    def test_a_lost_task_goes_back_to_the_front_if_it_may(self, backend: Backend) -> None:
        hand, task = self.beating_hand(backend), new_task(on_lost=OnLost.REQUEUE)
        hand.submit_and_take(task)
        backend.queue.submit([other := new_task()])
        self.await_loss(hand)
        assert waiting_in(backend) == [task.id, other.id]
        assert Hand(backend).take().claim.attempt == 2

    def test_a_task_is_lost_with_its_workers_so_often_and_no_more(self, backend: Backend) -> None:
        backend.queue.submit([task := new_task(on_lost=OnLost.REQUEUE, max_attempts=2)])
        for expected in (TaskStatus.PENDING, TaskStatus.DIED):
            hand = Hand(backend)
            hand.take(task.id)
            backend.workers.leave(hand.session, WorkerStatus.LOST, "SIGKILL")
            assert status_of(backend, task.id) is expected

    def test_a_worker_whose_heart_beats_is_not_lost(self, backend: Backend) -> None:
        hand = self.beating_hand(backend)
        deadline = time.monotonic() + 2 * EXPIRE
        while time.monotonic() < deadline:
            assert hand.beat()
            assert not backend.queue.recover(now=True).lost
        assert worker_of(backend, hand.worker.id).status is WorkerStatus.IDLE

    def test_a_worker_without_a_heartbeat_is_never_lost(self, backend: Backend) -> None:
        hand = Hand(backend)
        assert not backend.queue.recover(now=True).lost
        assert worker_of(backend, hand.worker.id).status is WorkerStatus.IDLE

    def test_one_look_after_an_outage_loses_nobody(self, backend: Backend) -> None:
        hand = self.beating_hand(backend)
        self.await_lapse(hand)
        assert not backend.queue.recover(now=True).lost
        assert hand.beat()
        assert not backend.queue.recover(now=True).lost

    def test_a_second_outage_is_judged_anew(self, backend: Backend) -> None:
        hand = self.beating_hand(backend)
        self.await_lapse(hand)
        backend.queue.recover(now=True)
        assert hand.beat()
        self.await_lapse(hand)
        backend.queue.recover(now=True)
        assert worker_of(backend, hand.worker.id).status is WorkerStatus.IDLE

    def test_who_comes_when_it_is_worth_while_finds_who_is_lost_in_time(self, backend: Backend) -> None:
        other, hand = Hand(backend), self.beating_hand(backend)
        slept = 0.0
        for _ in range(FEW_LOOKS):
            look_again = other.step().look_again
            assert look_again is not None
            time.sleep(look_again)
            backend.queue.recover()
            slept += look_again
            if worker_of(backend, hand.worker.id).status is WorkerStatus.LOST:
                break
        assert worker_of(backend, hand.worker.id).status is WorkerStatus.LOST
        assert slept <= 3 * PERIOD + 1.0

    def test_the_first_lapse_of_who_has_just_registered_is_known(self, backend: Backend) -> None:
        other = Hand(backend)
        backend.queue.recover(now=True)
        assert other.step().look_again is None
        Hand(backend, worker=new_worker(heartbeat=HeartbeatTerms(period=20.0, expire=60.0)))
        look_again = other.step().look_again
        assert look_again is not None
        assert look_again <= 60.0

    def test_messages_to_a_lost_worker_are_dropped(self, backend: Backend) -> None:
        hand = self.beating_hand(backend)
        backend.messages.send(b"hello", [hand.worker.id])
        self.await_loss(hand)
        assert Hand(backend, worker=new_worker(id="hand")).look() is None

    def test_a_due_task_is_put_into_its_queue(self, backend: Backend) -> None:
        backend.queue.submit([task := new_task(delay=0.01)])
        recovered = wait_until(
            lambda: (found := backend.queue.recover(now=True)) and waiting_in(backend) and found, "the task is due"
        )
        assert isinstance(recovered, Recovered)
        self.assert_answer(recovered.due, (task.id,), ())
        assert status_of(backend, task.id) is TaskStatus.PENDING

    def test_a_result_expires_with_its_task(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(result_ttl=0.05)
        hand.complete(hand.submit_and_take(task), b"short-lived")
        assert status_of(backend, task.id) is TaskStatus.COMPLETE

        def is_gone() -> bool:
            backend.queue.recover(now=True)
            return status_of(backend, task.id) is TaskStatus.MISSING

        wait_until(is_gone, "the task has expired")
        assert list(backend.objects.hashes()) == []

    def test_a_result_that_is_still_wanted_does_not_expire(self, backend: Backend) -> None:
        hand, parents = Hand(backend), [new_task(result_ttl=0.01), new_task()]
        ids = tuple(task.id for task in parents)
        child = new_task(depends_on=ids, takes_result_of=ids)
        backend.queue.submit([*parents, child])
        hand.run(ids[0], b"argument")
        self.await_expiry_of_another(backend, hand)
        hand.run(ids[1])
        assert bytes_of(backend, hand.take(child.id).results[ids[0]]) == b"argument"

    def await_expiry_of_another(self, backend: Backend, hand: Hand) -> None:
        """Let time pass until a task that ends now, and is kept as short, has expired."""
        witness = new_task(result_ttl=0.01)
        hand.complete(hand.submit_and_take(witness))

        def is_gone() -> bool:
            backend.queue.recover(now=True)
            return status_of(backend, witness.id) is TaskStatus.MISSING

        wait_until(is_gone, "the witness has expired")

    def test_one_recovery_in_half_a_second_is_enough(self, backend: Backend) -> None:
        def is_skipped() -> bool:
            """Whether a second run found nothing though a task was due; None where this machine was too slow."""
            backend.queue.submit([new_task(delay=0.01)])
            began = time.monotonic()
            backend.queue.recover(now=True)
            time.sleep(0.02)
            second = backend.queue.recover()
            return time.monotonic() - began < 0.5 and second == Recovered()

        wait_until(is_skipped, "a second run does nothing")
