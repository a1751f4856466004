"""Laws of `Queue.check` and `Queue.destroy`."""

from collections.abc import Iterator

import pytest

from rrq_core.errors import Fenced
from rrq_core.model.ids import QueueId, QueueName, new_task_id
from rrq_core.model.setting import SettingKind, worker_config_name
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_value, new_watcher
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import EVERY_STATE, assert_lawful, snapshot, unchanged
from rrq_core.testing.queue.finishing import FAILURES
from rrq_core.testing.waiting import wait_until


def live_a_little(backend: Backend) -> None:
    """Bring tasks into every status, with all that may belong to them."""
    hand, value = Hand(backend, [QueueName("busy")]), new_value(b"argument")
    for status in (TaskStatus.COMPLETE, *FAILURES):
        hand.finish(hand.submit_and_take(new_task(queue=QueueName("busy"))), status, new_value(status.encode()))
    ends = list(backend.queue.tasks())
    backend.queue.retry([NewRetry(task=ends[0], new=new_task_id())])
    parent = new_task(values=(value.hash,), key="k", call="c")
    child = new_task(depends_on=(parent.id,), takes_result_of=(parent.id,), delay=60.0)
    cancelled = new_task()
    impossible = new_task(depends_on=(cancelled.id,))
    tasks = [parent, child, cancelled, impossible, new_task(result_ttl=60.0, front=True)]
    backend.queue.submit(tasks, [value], watcher=new_watcher())
    backend.queue.cancel(cancelled.id)
    work = hand.submit_and_take(new_task(separate_process=True))
    hand.tell(work.claim, progress=b"half way", checkpoint=new_value(b"checkpoint"), pid=1, logfile="/tmp/log")
    backend.messages.send(b"hello", [hand.worker.id])
    backend.settings.put(worker_config_name("one"), b"{}")


class CheckingTests(ContractCase):
    """A queue that went through these ports is in order."""

    def test_an_empty_queue_is_in_order(self, backend: Backend) -> None:
        assert backend.queue.check() == []

    def test_a_queue_with_everything_in_it_is_in_order(self, backend: Backend) -> None:
        live_a_little(backend)
        assert_lawful(backend)

    def test_repairing_what_is_in_order_changes_nothing(self, backend: Backend) -> None:
        live_a_little(backend)
        with unchanged(backend):
            assert backend.queue.check(repair=True) == []


class DestroyingTests(ContractCase):
    """What is destroyed is gone, and nothing else is."""

    @pytest.fixture
    def neighbours(self, backend: Backend) -> Iterator[list[Backend]]:
        """Queues of the same store whose ids look as if they were part of this one's."""
        endings = ("x", ":b", ":queue", "*", ":task:status", ":object_store")
        ids = {*(backend.queue_id + ending for ending in endings), f"*{backend.queue_id[1:]}"} - {backend.queue_id}
        opened = [self.reopen(backend, QueueId(id)) for id in sorted(ids)]
        yield opened
        for neighbour in opened:
            neighbour.queue.destroy()
            neighbour.close()

    def assert_empty(self, backend: Backend) -> None:
        """Hold that nothing can be seen."""
        assert list(backend.queue.tasks()) == []
        assert backend.workers.read(None, EVERY_STATE) == []
        assert (list(backend.objects.hashes()), list(backend.objects.tags())) == ([], [])
        assert [name for kind in SettingKind for name in backend.settings.names(kind)] == []

    def test_nothing_is_left_of_a_destroyed_queue(self, backend: Backend) -> None:
        live_a_little(backend)
        hand = Hand(backend)
        backend.queue.destroy()
        self.settle()
        self.assert_empty(backend)
        assert backend.queue.recover(now=True).is_gone
        with pytest.raises(Fenced):
            hand.look()

    def test_destroying_nothing_is_fine(self, backend: Backend) -> None:
        backend.queue.destroy()
        backend.queue.destroy()
        self.assert_empty(backend)

    def test_a_destroyed_queue_can_be_used_anew(self, backend: Backend) -> None:
        task = new_task(key="k")
        backend.queue.submit([task])
        backend.queue.destroy()
        backend.queue.submit([task])
        assert Hand(backend).run() == task.id

    def test_other_queues_are_not_touched(self, backend: Backend, neighbours: list[Backend]) -> None:
        for queue in (backend, *neighbours):
            live_a_little(queue)
        before = [snapshot(neighbour) for neighbour in neighbours]
        assert_lawful(backend)
        backend.queue.check(repair=True)
        backend.queue.destroy()
        assert [snapshot(neighbour) for neighbour in neighbours] == before
        for neighbour in neighbours:
            assert_lawful(neighbour)

    def test_a_queue_can_be_destroyed_after_a_time(self, backend: Backend) -> None:
        live_a_little(backend)
        tasks = set(backend.queue.tasks())
        backend.queue.destroy(after=60.0)
        assert set(backend.queue.tasks()) == tasks
        backend.queue.destroy(after=0.1)
        wait_until(lambda: not list(backend.queue.tasks()), "the queue has expired")
        self.assert_empty(backend)
