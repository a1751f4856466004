"""Laws of how workers come, go and are seen."""

import pytest

from rrq_core.errors import Fenced, WorkerIdTaken
from rrq_core.model.ids import QueueName, WorkerId
from rrq_core.model.status import OnLost, TaskStatus, WorkerStatus
from rrq_core.model.work import Work
from rrq_core.model.worker import HeartbeatTerms, NewLogEntry
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_watcher, new_worker
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import EVERY_STATE, record_of, status_of, unchanged, waiting_in, worker_of
from rrq_core.testing.waiting import wait_until

HIGH, LOW = QueueName("high"), QueueName("low")
LONG, SOON = 60.0, 10.0
TERMS = HeartbeatTerms(period=20.0, expire=60.0)
ODD_IDS = ("a:b", "a*", "[w]", "ärger 1", "host.local_1", "a:wake", "a:message")


class RegisteringTests(ContractCase):
    """How workers come and go."""

    def test_a_registered_worker_is_idle_and_known(self, backend: Backend) -> None:
        worker = new_worker([HIGH, LOW])
        backend.workers.register(worker)
        record = worker_of(backend, worker.id)
        assert (record.id, record.status, record.task) == (worker.id, WorkerStatus.IDLE, None)
        assert (record.info, record.process_log) == (worker.info, worker.process_log)

    def test_a_session_has_the_token_that_was_made_for_it(self, backend: Backend) -> None:
        session = backend.workers.register(new_worker(), "0123456789abcdef")
        assert session.token == "0123456789abcdef"
        assert backend.workers.leave(session, WorkerStatus.EXITED, "")

    def test_each_registration_has_a_session_of_its_own(self, backend: Backend) -> None:
        worker = new_worker()
        first = backend.workers.register(worker)
        backend.workers.leave(first, WorkerStatus.EXITED, "")
        second = backend.workers.register(worker)
        assert (first.worker, second.worker) == (worker.id, worker.id)
        assert first.token != second.token

    @pytest.mark.parametrize("name", ODD_IDS)
    def test_a_worker_may_have_any_id(self, backend: Backend, name: str) -> None:
        hand, other = Hand(backend, worker=new_worker(id=name)), Hand(backend, worker=new_worker(id="a"))
        backend.messages.send(b"hello", [WorkerId(name)])
        assert other.look() is None
        assert hand.take_message().body == b"hello"

    def test_the_id_of_a_living_worker_is_taken(self, backend: Backend) -> None:
        hand = Hand(backend)
        hand.submit_and_take(new_task())
        with unchanged(backend), pytest.raises(WorkerIdTaken) as refused:
            backend.workers.register(hand.worker)
        assert refused.value.worker == hand.worker.id

    def test_the_id_of_a_worker_whose_heart_beats_is_taken(self, backend: Backend) -> None:
        hand = Hand(backend, worker=new_worker(heartbeat=TERMS))
        with pytest.raises(WorkerIdTaken):
            Hand(backend, worker=hand.worker)

    def test_who_takes_over_settles_what_the_lapsed_one_ran(self, backend: Backend) -> None:
        hand, task = Hand(backend, worker=new_worker(heartbeat=HeartbeatTerms(period=0.02, expire=0.05))), new_task()
        work = hand.submit_and_take(task)
        wait_until(lambda: backend.heartbeat.remaining([hand.heartbeat_key]) == [None], "the heartbeat has lapsed")
        successor = Hand(backend, worker=new_worker(id=hand.worker.id))
        assert status_of(backend, task.id) is TaskStatus.DIED
        assert successor.look() is None
        with pytest.raises(Fenced):
            hand.complete(work)

    def test_a_successor_gets_no_messages_of_its_predecessor(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.messages.send(b"to the first", [hand.worker.id])
        backend.workers.leave(hand.session, WorkerStatus.EXITED, "")
        assert Hand(backend, worker=hand.worker).look() is None

    @pytest.mark.parametrize("status", [WorkerStatus.EXITED, WorkerStatus.LOST])
    def test_who_has_left_is_known_as_such(self, backend: Backend, status: WorkerStatus) -> None:
        hand = Hand(backend)
        assert backend.workers.leave(hand.session, status, "enough")
        assert worker_of(backend, hand.worker.id).status is status
        with pytest.raises(Fenced):
            hand.look()

    def test_who_leaves_twice_is_answered_alike(self, backend: Backend) -> None:
        hand = Hand(backend)
        assert backend.workers.leave(hand.session, WorkerStatus.EXITED, "")
        with unchanged(backend):
            assert backend.workers.leave(hand.session, WorkerStatus.EXITED, "")

    def test_who_has_left_cannot_be_lost(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.workers.leave(hand.session, WorkerStatus.EXITED, "")
        with unchanged(backend):
            backend.workers.leave(hand.session, WorkerStatus.LOST, "")

    @pytest.mark.parametrize("status", [WorkerStatus.LOST, WorkerStatus.EXITED])
    def test_who_was_succeeded_cannot_leave(self, backend: Backend, status: WorkerStatus) -> None:
        hand = Hand(backend)
        backend.workers.leave(hand.session, WorkerStatus.LOST, "")
        successor = Hand(backend, worker=hand.worker)
        successor.submit_and_take(new_task())
        with unchanged(backend):
            assert backend.workers.leave(hand.session, status, "") is False

    def test_the_task_of_who_leaves_has_died_with_the_reason(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        hand.submit_and_take(task)
        backend.workers.leave(hand.session, WorkerStatus.LOST, "killed by SIGKILL")
        record = record_of(backend, task.id)
        assert record.status is TaskStatus.DIED
        assert record.reason is not None
        assert "killed by SIGKILL" in record.reason.detail
        assert worker_of(backend, hand.worker.id).task is None

    def test_who_waits_for_the_task_of_a_lost_worker_is_told(self, backend: Backend) -> None:
        hand, watcher, task = Hand(backend), new_watcher(), new_task()
        child = new_task(depends_on=(task.id,))
        backend.queue.submit([task, child], watcher=watcher)
        hand.take(task.id)
        backend.workers.leave(hand.session, WorkerStatus.LOST, "killed by SIGKILL")
        told = {(one.task, one.status) for one in backend.queue.ended(watcher, SOON)}
        assert told == {(task.id, TaskStatus.DIED), (child.id, TaskStatus.IMPOSSIBLE)}

    def test_the_task_of_who_leaves_is_put_back_if_it_may(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task(on_lost=OnLost.REQUEUE)
        hand.submit_and_take(task)
        backend.queue.submit([other := new_task()])
        backend.workers.leave(hand.session, WorkerStatus.LOST, "killed by SIGKILL")
        assert waiting_in(backend) == [task.id, other.id]
        assert Hand(backend).take().claim.attempt == 2

    def test_a_task_that_its_worker_never_saw_is_put_back_uncounted(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        hand.submit_and_take(task)
        backend.queue.submit([other := new_task()])
        backend.workers.leave(hand.session, WorkerStatus.EXITED, "", idle=True)
        assert waiting_in(backend) == [task.id, other.id]
        assert Hand(backend).take().claim.attempt == 1

    def test_a_task_that_was_put_back_wakes_another_worker(self, backend: Backend) -> None:
        hand, other = Hand(backend), Hand(backend)
        hand.submit_and_take(new_task(on_lost=OnLost.REQUEUE))
        backend.workers.leave(hand.session, WorkerStatus.LOST, "")
        backend.workers.wait(other.session, other.queues, LONG)
        assert isinstance(other.look(), Work)

    def test_workers_are_listed_by_state(self, backend: Backend) -> None:
        idle, busy, gone = Hand(backend), Hand(backend), Hand(backend)
        busy.submit_and_take(new_task())
        backend.workers.leave(gone.session, WorkerStatus.EXITED, "")
        active = frozenset({WorkerStatus.IDLE, WorkerStatus.BUSY})
        assert {record.id for record in backend.workers.read(None, active)} == {idle.worker.id, busy.worker.id}
        assert {record.id for record in backend.workers.read(None, EVERY_STATE)} == {
            hand.worker.id for hand in (idle, busy, gone)
        }

    def test_unknown_workers_are_left_out(self, backend: Backend) -> None:
        hand = Hand(backend)
        asked = [WorkerId("nobody"), hand.worker.id]
        assert [record.id for record in backend.workers.read(asked, EVERY_STATE)] == [hand.worker.id]
        assert backend.workers.read([], EVERY_STATE) == []

    def test_only_who_has_gone_is_forgotten(self, backend: Backend) -> None:
        here, gone = Hand(backend), Hand(backend)
        backend.workers.log(gone.session, [NewLogEntry(command="ALIVE")])
        backend.workers.leave(gone.session, WorkerStatus.EXITED, "")
        forgotten = backend.workers.forget([here.worker.id, gone.worker.id, WorkerId("nobody")])
        self.assert_answer(forgotten, [gone.worker.id], [])
        assert [record.id for record in backend.workers.read(None, EVERY_STATE)] == [here.worker.id]
        assert backend.workers.log_tail([gone.worker.id], None) == []
        assert backend.workers.forget([]) == []

    def test_who_is_silent_is_forgotten_only_where_that_is_asked_for(self, backend: Backend) -> None:
        silent, beating = Hand(backend), Hand(backend, worker=new_worker(heartbeat=TERMS))
        ids = [silent.worker.id, beating.worker.id]
        with unchanged(backend):
            assert backend.workers.forget(ids) == []
        self.assert_answer(backend.workers.forget(ids, even_silent=True), ids[:1], [])
        assert [record.id for record in backend.workers.read(None, EVERY_STATE)] == ids[1:]
        with pytest.raises(Fenced):
            silent.look()

    def test_the_task_of_who_is_forgotten_is_settled(self, backend: Backend) -> None:
        hand, task, other = Hand(backend), new_task(), new_task(on_lost=OnLost.REQUEUE)
        child = new_task(depends_on=(task.id,))
        hand.submit_and_take(task)
        backend.queue.submit([child])
        second = Hand(backend)
        second.submit_and_take(other)
        backend.workers.forget([hand.worker.id, second.worker.id], even_silent=True)
        record = record_of(backend, task.id)
        assert record.status is TaskStatus.DIED
        assert record.reason is not None
        assert hand.worker.id in record.reason.detail
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE
        assert waiting_in(backend) == [other.id]

    def test_an_id_that_was_forgotten_is_free(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.messages.send(b"hello", [hand.worker.id])
        backend.workers.forget([hand.worker.id], even_silent=True)
        assert Hand(backend, worker=hand.worker).look() is None
