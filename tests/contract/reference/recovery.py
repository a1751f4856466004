"""What time brings: heartbeats that lapse, tasks that are due, results that expire, values of clients that died."""

from collections.abc import Callable

from rrq_core.model.ids import TaskId, WorkerId
from rrq_core.model.report import Recovered
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import Reason
from tests.contract.reference.server import Worker
from tests.contract.reference.transitions import Transitions

BETWEEN_RUNS = 0.5
SHORT_ABSENCE = 0.6
DAY = 86_400.0
HOUR = 3_600.0
LAPSED = "its heartbeat has lapsed"


class Recovery:
    """One run of `recover`."""

    def __init__(self, moves: Transitions) -> None:
        self.moves = moves
        self.now = moves.server.now()
        self.since_last = 0.0
        self.lost: dict[WorkerId, TaskId | None] = {}
        self.requeued: list[TaskId] = []
        self.died: list[TaskId] = []
        self.names: list[str] = []

    def run(self, open_due: Callable[[], list[TaskId]], now: bool) -> Recovered:
        """Look at everything, unless somebody has just done so."""
        space = self.moves.space
        if space.schema is None and not space.workers and not space.tasks:
            return Recovered(is_gone=True)
        if not now and self.now - space.recovered < BETWEEN_RUNS:
            return Recovered()
        self.since_last = self.now - space.recovered
        space.recovered = self.now
        for worker in list(space.workers.values()):
            if worker.token is not None and self._is_lost(worker):
                self._lose(worker)
        due, expired = open_due(), self._expire()
        self._drop_provisional()
        return Recovered(
            lost=self.lost,
            requeued=tuple(self.requeued),
            died=tuple(self.died),
            due=tuple(due),
            expired=tuple(expired),
            names=tuple(self.names),
            collect_due=self.now - space.collected > HOUR,
        )

    def _is_lost(self, worker: Worker) -> bool:
        """Lost is whose key is gone and who was seen to be overdue for a period: one look may follow an outage."""
        terms = worker.new.heartbeat
        if terms is None or worker.key is None:
            return False
        left = self.moves.server.remaining(worker.key)
        if (left or 0.0) >= terms.expire - 1.5 * terms.period:
            worker.late = None
            return False
        worker.late = 0.0 if worker.late is None else self._seen(worker.late, max(terms.period / 4, SHORT_ABSENCE))
        return left is None and worker.late >= terms.period

    def _seen(self, before: float, longest: float) -> float:
        """A long time in which nobody looked counts as a short one, and with it what was seen for a short time."""
        return before + self.since_last if self.since_last <= longest else before - before % longest + longest

    def _lose(self, worker: Worker) -> None:
        name = worker.new.id
        self.lost[name] = worker.task
        if worker.task is not None:
            task = self.moves.space.tasks[worker.task]
            was_put_back = self.moves.lose(task, Reason(kind="lost", detail=f"{name}: {LAPSED}"))
            (self.requeued if was_put_back else self.died).append(task.id)
        self.moves.log(worker, "LOST", LAPSED)
        self.moves.sign_off(worker, WorkerStatus.LOST)

    def _expire(self) -> list[TaskId]:
        over = [task for task in self.moves.space.tasks.values() if task.expire is not None and task.expire <= self.now]
        unwanted = [task for task in over if not self.moves.dependents(task.id, TaskStatus.DEFERRED)]
        for task in unwanted:
            _, names = self.moves.erase(self.moves.chain(task.id))
            self.names.extend(names)
        return [task.id for task in unwanted]

    def _drop_provisional(self) -> None:
        shelf = self.moves.shelf
        for tag in [tag for tag, since in shelf.provisional.items() if self.now - since > DAY]:
            self.names.extend(shelf.untag(tag, self.now)[1])
