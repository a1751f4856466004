"""Laws of the logs of workers."""

import pytest

from rrq_core.errors import Fenced
from rrq_core.model.ids import QueueName, WorkerId
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.work import Session
from rrq_core.model.worker import NewLogEntry
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_worker
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import unchanged, worker_of

HIGH, LOW = QueueName("high"), QueueName("low")
LONG, SOON = 60.0, 10.0
ODD_IDS = ("a:b", "a*", "[w]", "ärger 1", "host.local_1", "a:wake", "a:message")


class LogTests(ContractCase):
    """What workers write down."""

    def words(self, backend: Backend, hand: Hand, n: int | None = None) -> list[tuple[str, str]]:
        """The lines that the suite itself has written, without their times."""
        entries = backend.workers.log_tail([hand.worker.id], n)
        return [(entry.command, entry.message) for entry in entries]

    def write(self, hand: Hand, *messages: str) -> None:
        """Write lines."""
        hand.backend.workers.log(hand.session, [NewLogEntry(command="NOTE", message=message) for message in messages])

    def test_lines_are_read_as_they_were_written(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.workers.log(
            hand.session,
            [
                NewLogEntry(command="QUEUE", message="high, low"),
                NewLogEntry(command="CHILD", message="größe", child=77),
            ],
        )
        entries = [
            entry for entry in backend.workers.log_tail([hand.worker.id], None) if entry.command in ("QUEUE", "CHILD")
        ]
        written = [(entry.worker_id, entry.command, entry.message, entry.child) for entry in entries[:2]]
        assert written == [(hand.worker.id, "QUEUE", "high, low", None), (hand.worker.id, "CHILD", "größe", 77)]

    def test_a_line_may_be_without_words(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.workers.log(hand.session, [NewLogEntry(command="ALIVE")])
        assert self.words(backend, hand)[-1] == ("ALIVE", "")

    def test_times_never_go_backwards(self, backend: Backend) -> None:
        hand = Hand(backend)
        for number in range(5):
            self.write(hand, str(number))
        times = [entry.time for entry in backend.workers.log_tail([hand.worker.id], None)]
        assert times == sorted(times)
        assert worker_of(backend, hand.worker.id).last_seen == times[-1]

    def test_lines_have_the_time_that_the_store_tells(self, backend: Backend) -> None:
        hand, times = Hand(backend), [backend.workers.time()]
        self.write(hand, "now")
        times.append(backend.workers.time())
        (entry,) = backend.workers.log_tail([hand.worker.id], 1)
        assert times[0] <= entry.time <= times[1]

    def test_a_tail_is_the_last_lines_of_each_worker(self, backend: Backend) -> None:
        hands = [Hand(backend), Hand(backend)]
        for hand in hands:
            self.write(hand, "1", "2", "3")
        tail = backend.workers.log_tail([hand.worker.id for hand in hands], 2)
        expected = [(hand.worker.id, message) for hand in hands for message in ("2", "3")]
        assert [(entry.worker_id, entry.message) for entry in tail] == expected

    def test_an_unknown_worker_has_no_log(self, backend: Backend) -> None:
        assert backend.workers.log_tail([WorkerId("nobody")], None) == []
        assert backend.workers.log_tail([], 1) == []

    def test_a_log_keeps_no_more_lines_than_it_may(self, backend: Backend) -> None:
        hand = Hand(backend, worker=new_worker(log_max=10))
        for number in range(30):
            self.write(hand, str(number))
        words = self.words(backend, hand)
        assert len(words) == 10
        assert words[-1] == ("NOTE", "29")

    def test_tasks_leave_lines(self, backend: Backend) -> None:
        hand, good, bad = Hand(backend), new_task(), new_task(retries=1)
        hand.complete(hand.submit_and_take(good))
        hand.finish(hand.submit_and_take(bad), TaskStatus.ERROR, retry_in=60.0)
        expected = ["TASK_START", "TASK_COMPLETE", "TASK_START", "TASK_RETRY"]
        ids = [good.id, good.id, bad.id, bad.id]
        lines = [line for line in self.words(backend, hand) if line[0].startswith("TASK_")]
        assert lines == list(zip(expected, ids, strict=True))

    def test_who_was_lost_has_it_in_its_log(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.workers.leave(hand.session, WorkerStatus.LOST, "killed by SIGKILL")
        assert self.words(backend, hand)[-1] == ("LOST", "killed by SIGKILL")

    def test_a_stranger_writes_nothing(self, backend: Backend) -> None:
        hand = Hand(backend)
        stranger = Session(worker=hand.worker.id, token="0" * 16)
        with unchanged(backend), pytest.raises(Fenced):
            backend.workers.log(stranger, [NewLogEntry(command="NOTE")])
