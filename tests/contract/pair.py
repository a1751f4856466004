"""Two backends that are given the same calls: what one answers, the other must answer, and they must look the same."""

from collections.abc import Callable, Iterable, Sequence

from attrs import evolve, frozen

from rrq_core.errors import RrqError
from rrq_core.model.ids import QueueName, TaskId
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import TaskRecord
from rrq_core.model.work import Work
from rrq_core.model.worker import NewWorker
from rrq_core.ports import Backend
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import EVERY_FIELD, EVERY_STATE, assert_lawful, waiting_in


def outcome(call: Callable[[], object]) -> object:
    """What a call answers, or the kind of error that it raises."""
    try:
        return call()
    except RrqError as error:
        return type(error)


def in_common(record: TaskRecord | None) -> object:
    """What two backends must agree on: all but times, the words of reasons, and what others say more exactly."""
    if record is None:
        return None
    return evolve(
        record,
        value=None,
        times=None,
        reason=None,
        due=None if record.due is None else 1.0,
        depends_on=tuple(sorted(record.depends_on or ())),
        waits_for=tuple(sorted(record.waits_for or ())) if record.status is TaskStatus.DEFERRED else (),
        needed_by=tuple(sorted(record.needed_by or ())),
        attempts=tuple((attempt.number, attempt.worker, attempt.status) for attempt in record.attempts or ()),
        attempt=record.attempt or None,
    )


@frozen
class Hands:
    """One worker, registered with both."""

    first: Hand
    second: Hand

    def each(self) -> tuple[Hand, Hand]:
        return self.first, self.second


class Pair:
    """A backend and the one it is compared with."""

    def __init__(self, first: Backend, second: Backend) -> None:
        self.first, self.second = first, second

    def each(self) -> tuple[Backend, Backend]:
        return self.first, self.second

    def both(self, call: Callable[[Backend], object]) -> object:
        """Make a call to both; their answers must be equal."""
        answers = [outcome(lambda backend=backend: call(backend)) for backend in self.each()]
        assert answers[0] == answers[1], f"{answers[0]!r} and {answers[1]!r}"
        return answers[0]

    def register(self, worker: NewWorker) -> Hands | None:
        """Register a worker with both; None if its id is taken."""
        found = [outcome(lambda backend=backend: Hand(backend, worker.queues, worker)) for backend in self.each()]
        if isinstance(found[0], Hand) and isinstance(found[1], Hand):
            return Hands(*found)
        assert found[0] == found[1], found
        return None

    def by_hands(self, hands: Hands, call: Callable[[Hand], object]) -> tuple[object, object]:
        """Have a worker make a call to both; answers are compared by whoever asks."""
        first, second = (outcome(lambda hand=hand: call(hand)) for hand in hands.each())
        return first, second

    def take(self, hands: Hands) -> tuple[Work, Work] | None:
        """Claim a task from both: the next one, or the same of both where released ones stand in another order."""
        wanted = self._wanted(hands.first.queues)
        first, second = self.by_hands(hands, lambda hand: hand.look() if wanted is None else hand.take(wanted))
        assert _in_common_of(first) == _in_common_of(second)
        return (first, second) if isinstance(first, Work) and isinstance(second, Work) else None

    def _wanted(self, queues: Sequence[QueueName]) -> TaskId | None:
        for queue in queues:
            orders = [waiting_in(backend, queue) for backend in self.each()]
            if orders[0] != orders[1]:
                return orders[0][0]
            if orders[0]:
                return None
        return None

    def assert_alike(self, queues: Iterable[QueueName]) -> None:
        """Hold that both look the same, and keep their laws."""
        first, second = (sorted(backend.queue.tasks()) for backend in self.each())
        assert first == second
        records = [backend.queue.read(first, EVERY_FIELD, follow=False) for backend in self.each()]
        for mine, other in zip(*records, strict=True):
            assert in_common(mine) == in_common(other), f"{in_common(mine)} and {in_common(other)}"
        for queue in queues:
            orders = [waiting_in(backend, queue) for backend in self.each()]
            assert sorted(orders[0]) == sorted(orders[1])
        self._assert_workers_and_values_alike()
        for backend in self.each():
            assert_lawful(backend)

    def _assert_workers_and_values_alike(self) -> None:
        states = [
            {record.id: (_state(record.status), record.task) for record in backend.workers.read(None, EVERY_STATE)}
            for backend in self.each()
        ]
        assert states[0] == states[1]
        values = [set(backend.objects.hashes()) for backend in self.each()]
        assert values[0] == values[1]


def _state(status: WorkerStatus) -> WorkerStatus | str:
    return "active" if status.is_active else status


def _in_common_of(answer: object) -> object:
    if not isinstance(answer, Work):
        return answer
    return (answer.claim.task, answer.claim.attempt, answer.root, answer.body, answer.queue, dict(answer.results))
