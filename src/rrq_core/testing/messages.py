"""The contract of the port `Messages`."""

import pytest

from rrq_core.errors import Fenced, WorkerNotFound
from rrq_core.model.ids import MessageId, WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.ports import Backend
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import unchanged, worker_of

ANY_BYTES = bytes(range(256)) + b"\r\n"


class MessagesTests(ContractCase):
    """The laws of the port `Messages`."""

    def answer(self, hand: Hand, body: bytes) -> MessageId:
        """A worker answers its next message."""
        message = hand.take_message().id
        reply = hand.backend.messages.answer(hand.session, message, body)
        self.assert_answer(reply, True, False)
        return message

    def test_a_message_reaches_those_it_is_for(self, backend: Backend) -> None:
        hands = [Hand(backend) for _ in range(3)]
        message = backend.messages.send(ANY_BYTES, [hand.worker.id for hand in hands[:2]])
        for hand in hands[:2]:
            found = hand.take_message()
            assert (found.id, found.body) == (message, ANY_BYTES)
        assert hands[2].look() is None

    def test_messages_come_in_the_order_in_which_they_were_sent(self, backend: Backend) -> None:
        hand = Hand(backend)
        sent = [backend.messages.send(str(number).encode(), [hand.worker.id]) for number in range(5)]
        assert [self.answer(hand, b"") for _ in sent] == sent

    def test_ids_are_times_that_increase(self, backend: Backend) -> None:
        hand = Hand(backend)
        ids = [backend.messages.send(b"same", [hand.worker.id]) for _ in range(20)]
        moments = [tuple(map(int, message.split("."))) for message in ids]
        assert moments == sorted(set(moments))
        assert {len(message.partition(".")[2]) for message in ids} == {6}

    def test_an_answer_is_kept_and_the_message_is_done(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.messages.send(b"question", [hand.worker.id])
        message = self.answer(hand, ANY_BYTES)
        assert hand.look() is None
        assert backend.messages.answers(message, [hand.worker.id], delete=False) == {
            hand.worker.id: {message: ANY_BYTES}
        }

    def test_the_first_answer_counts(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.messages.send(b"question", [hand.worker.id])
        message = self.answer(hand, b"first")
        with unchanged(backend):
            assert backend.messages.answer(hand.session, message, b"second") is False
        assert backend.messages.answers(message, [hand.worker.id], delete=False) == {
            hand.worker.id: {message: b"first"}
        }

    @pytest.mark.parametrize("status", [WorkerStatus.PAUSED, WorkerStatus.IDLE])
    def test_an_answer_changes_the_status_of_its_worker_in_the_same_step(
        self, backend: Backend, status: WorkerStatus
    ) -> None:
        hand = Hand(backend)
        backend.messages.send(b"question", [hand.worker.id])
        message = hand.take_message().id
        backend.messages.answer(hand.session, message, b"first", status)
        assert worker_of(backend, hand.worker.id).status is status

    def test_an_answer_that_comes_again_does_not_change_the_status(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.messages.send(b"question", [hand.worker.id])
        message = self.answer(hand, b"first")
        with unchanged(backend):
            backend.messages.answer(hand.session, message, b"first", WorkerStatus.PAUSED)

    def test_answers_are_read_of_one_message_or_of_all(self, backend: Backend) -> None:
        hands = [Hand(backend), Hand(backend)]
        ids = [hand.worker.id for hand in hands]
        first, second = (backend.messages.send(body, ids) for body in (b"1", b"2"))
        for hand in hands:
            self.answer(hand, b"one")
        self.answer(hands[0], b"two")
        assert backend.messages.answers(first, ids, delete=False) == {name: {first: b"one"} for name in ids}
        assert backend.messages.answers(second, ids, delete=False) == {ids[0]: {second: b"two"}}
        assert backend.messages.answers(None, ids, delete=False) == {
            ids[0]: {first: b"one", second: b"two"},
            ids[1]: {first: b"one"},
        }

    def test_who_has_not_answered_is_left_out(self, backend: Backend) -> None:
        hand = Hand(backend)
        message = backend.messages.send(b"question", [hand.worker.id])
        assert backend.messages.answers(message, [hand.worker.id, WorkerId("nobody")], delete=False) == {}
        assert backend.messages.answers(None, [], delete=False) == {}

    def test_a_deleted_answer_is_gone_and_others_are_not(self, backend: Backend) -> None:
        hand = Hand(backend)
        first, second = (backend.messages.send(body, [hand.worker.id]) for body in (b"1", b"2"))
        self.answer(hand, b"one")
        self.answer(hand, b"two")
        assert backend.messages.answers(first, [hand.worker.id], delete=True) == {hand.worker.id: {first: b"one"}}
        assert backend.messages.answers(None, [hand.worker.id], delete=True) == {hand.worker.id: {second: b"two"}}
        assert backend.messages.answers(None, [hand.worker.id], delete=False) == {}

    def test_answers_outlive_their_worker(self, backend: Backend) -> None:
        hand = Hand(backend)
        backend.messages.send(b"stop", [hand.worker.id])
        message = self.answer(hand, b"bye")
        backend.workers.leave(hand.session, WorkerStatus.EXITED, "")
        assert backend.messages.answers(message, [hand.worker.id], delete=True) == {hand.worker.id: {message: b"bye"}}

    def test_a_message_to_a_stranger_reaches_nobody(self, backend: Backend) -> None:
        here, gone = Hand(backend), Hand(backend)
        backend.workers.leave(gone.session, WorkerStatus.EXITED, "")
        for stranger in (gone.worker.id, WorkerId("nobody")):
            with unchanged(backend), pytest.raises(WorkerNotFound, match=stranger):
                backend.messages.send(b"hello", [here.worker.id, stranger])
        assert here.look() is None

    def test_who_is_fenced_cannot_answer(self, backend: Backend) -> None:
        hand = Hand(backend)
        message = backend.messages.send(b"question", [hand.worker.id])
        backend.workers.leave(hand.session, WorkerStatus.LOST, "")
        with unchanged(backend), pytest.raises(Fenced):
            backend.messages.answer(hand.session, message, b"late", WorkerStatus.PAUSED)

    def test_an_answer_to_nothing_is_not_kept(self, backend: Backend) -> None:
        hand = Hand(backend)
        assert backend.messages.answer(hand.session, MessageId("1.000000"), b"what?") is False
        assert backend.messages.answers(None, [hand.worker.id], delete=False) == {}
