"""What time brings: heartbeats that lapse, tasks that are due, results that expire, values of clients that died."""

from collections.abc import Callable

from rrq_core.model.ids import TaskId, WorkerId
from rrq_core.model.report import Recovered
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import Reason
from tests.contract.reference.server import Worker
from tests.contract.reference.transitions import Transitions

BETWEEN_RUNS = 0.5
DAY = 86_400.0
HOUR = 3_600.0


class Recovery:
    """One run of `recover`."""

    def __init__(self, moves: Transitions) -> None:
        self.moves = moves
        self.now = moves.server.now()
        self.lost: dict[WorkerId, TaskId | None] = {}
        self.requeued: list[TaskId] = []
        self.died: list[TaskId] = []
        self.names: list[str] = []

    def run(self, open_due: Callable[[], list[TaskId]], now: bool) -> Recovered:
        """Look at everything, unless somebody has just done so."""
        space = self.moves.space
        if not now and self.now - space.recovered < BETWEEN_RUNS:
            return Recovered()
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
        """Lost is whose key is gone and who was seen to be overdue half a period ago: one look may follow an outage."""
        terms = worker.new.heartbeat
        if terms is None:
            return False
        left = self.moves.server.remaining(terms.key)
        if (left or 0.0) >= terms.expire - 1.5 * terms.period:
            worker.late = None
            return False
        worker.late = self.now if worker.late is None else worker.late
        return left is None and self.now - worker.late >= terms.period / 2

    def _lose(self, worker: Worker) -> None:
        name = worker.new.id
        self.lost[name] = worker.task
        if worker.task is not None:
            task = self.moves.space.tasks[worker.task]
            was_put_back = self.moves.lose(task, Reason(kind="lost", detail=name))
            (self.requeued if was_put_back else self.died).append(task.id)
        self.moves.log(worker, "LOST")
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
