"""Laws of how workers sleep and are woken."""

from collections.abc import Sequence
from threading import Thread

import pytest

from rrq_core.model.ids import DEFAULT_QUEUE, QueueName
from rrq_core.model.work import Work
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.waiting import wait_until

HIGH, LOW = QueueName("high"), QueueName("low")
LONG, SOON = 60.0, 10.0
ODD_IDS = ("a:b", "a*", "[w]", "ärger 1", "host.local_1", "a:wake", "a:message")


class WakingTests(ContractCase):
    """Who sleeps is woken when there is something to do."""

    def sleeper(self, backend: Backend, hand: Hand, queues: Sequence[QueueName]) -> Thread:
        """A worker that goes to sleep for long, through a handle of its own."""
        thread = Thread(target=lambda: backend.workers.wait(hand.session, queues, LONG), daemon=True)
        thread.start()
        return thread

    def assert_woken(self, thread: Thread) -> None:
        """Hold that a sleeper is woken long before its time."""
        thread.join(SOON)
        assert not thread.is_alive(), "nobody woke the worker"

    @pytest.mark.parametrize("queue", [HIGH, LOW, DEFAULT_QUEUE])
    def test_a_task_wakes_a_sleeper_on_each_queue_it_listens_to(
        self, backend: Backend, second: Backend, queue: QueueName
    ) -> None:
        hand = Hand(backend, [HIGH, LOW, DEFAULT_QUEUE])
        thread = self.sleeper(second, hand, hand.queues)
        backend.queue.submit([new_task(queue=queue)])
        self.assert_woken(thread)
        assert isinstance(hand.look(), Work)

    def test_who_goes_to_sleep_too_late_is_woken_at_once(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.queue.submit([new_task()])
        self.assert_woken(self.sleeper(backend, hand, hand.queues))

    def test_each_task_wakes_somebody(self, backend: Backend) -> None:
        hands = [Hand(backend) for _ in range(3)]
        threads = [self.sleeper(backend, hand, hand.queues) for hand in hands]
        backend.queue.submit(new_tasks(3))
        for thread in threads:
            self.assert_woken(thread)

    def test_a_message_wakes_its_worker(self, backend: Backend, second: Backend) -> None:
        hand = Hand(backend)
        for queues in (hand.queues, ()):
            thread = self.sleeper(second, hand, queues)
            message = backend.messages.send(b"hello", [hand.worker.id])
            self.assert_woken(thread)
            assert hand.take_message().id == message
            backend.messages.answer(hand.session, message, b"")

    def test_a_cancel_wakes_the_worker(self, backend: Backend, second: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task(separate_process=True))
        thread = self.sleeper(second, hand, ())
        backend.queue.cancel(work.claim.task)
        self.assert_woken(thread)

    def test_a_released_task_wakes_a_sleeper(self, backend: Backend, second: Backend) -> None:
        runner, hand, parent = Hand(backend), Hand(backend, [LOW]), new_task()
        backend.queue.submit([parent, new_task(queue=LOW, depends_on=(parent.id,))])
        thread = self.sleeper(second, hand, [LOW])
        runner.run(parent.id)
        self.assert_woken(thread)
        assert isinstance(hand.look(), Work)

    def test_a_delayed_task_starts_though_all_are_asleep(self, backend: Backend, second: Backend) -> None:
        hand = Hand(backend)
        thread = self.sleeper(second, hand, hand.queues)
        backend.queue.submit([new_task(delay=0.2)])
        self.assert_woken(thread)

        def find() -> bool:
            step = hand.step()
            if step.work is None:
                backend.workers.wait(hand.session, hand.queues, LONG if step.look_again is None else step.look_again)
            return step.work is not None

        wait_until(find, "the delayed task is found", SOON)

    def test_a_sleeper_wakes_in_time_when_nothing_happens(self, backend: Backend) -> None:
        hand = Hand(backend)
        thread = Thread(target=lambda: backend.workers.wait(hand.session, hand.queues, 0.05), daemon=True)
        thread.start()
        self.assert_woken(thread)

    @pytest.mark.parametrize("heard", [HIGH, LOW])
    def test_a_wake_up_that_led_elsewhere_is_passed_on(self, backend: Backend, heard: QueueName) -> None:
        both, low = Hand(backend, [HIGH, LOW]), Hand(backend, [LOW])
        backend.queue.submit([new_task(queue=HIGH), new_task(queue=LOW)])
        backend.workers.wait(both.session, [heard], LONG)
        assert both.take().queue == HIGH
        self.assert_woken(self.sleeper(backend, low, [LOW]))
        assert low.take().queue == LOW

    def test_a_wake_up_lost_with_its_worker_is_healed_by_recovery(self, backend: Backend) -> None:
        dead, other = Hand(backend), Hand(backend)
        backend.queue.submit([new_task()])
        backend.workers.wait(dead.session, dead.queues, LONG)
        backend.queue.recover(now=True)
        self.assert_woken(self.sleeper(backend, other, other.queues))

    def test_a_wake_up_lost_with_its_worker_is_healed_by_who_looks(self, backend: Backend) -> None:
        dead, other = Hand(backend), Hand(backend)
        backend.queue.submit([new_task()])
        backend.workers.wait(dead.session, dead.queues, LONG)
        assert isinstance(other.look(), Work)

    def test_a_busy_worker_leaves_the_wake_ups_of_waiting_tasks(self, backend: Backend) -> None:
        busy, other = Hand(backend), Hand(backend)
        backend.queue.submit(new_tasks(2))
        backend.workers.wait(busy.session, busy.queues, LONG)
        busy.take()
        busy.look()
        self.assert_woken(self.sleeper(backend, other, other.queues))
