"""What the store is to be told of a running process: changes of its task, and lines for the worker's log."""

from attrs import asdict, evolve, field, frozen

from rrq_core.model.task import TaskChange
from rrq_core.model.worker import NewLogEntry


@frozen(kw_only=True)
class News:
    """What was not told yet. Of a change only the last is worth telling, of lines each."""

    change: TaskChange = field(factory=TaskChange)
    lines: tuple[NewLogEntry, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lines) or self.change != TaskChange()

    def then(self, later: "News") -> "News":
        """Put later news after these."""
        changed = {name: value for name, value in asdict(later.change, recurse=False).items() if value is not None}
        return News(change=evolve(self.change, **changed), lines=self.lines + later.lines)
