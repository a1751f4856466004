"""How busy workers were: what their logs tell of it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from attrs import field, frozen

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.workers import Workers, worker_records
from rrq_core.errors import InvalidArgument
from rrq_core.model.worker import LogEntry

_COMES, _GOES = frozenset({"ALIVE"}), frozenset({"STOP", "LOST"})
_BEGINS = frozenset({"ALIVE", "HEARTBEAT"})
_TASK, _START = "TASK_", "TASK_START"
_BARS = " ▁▂▃▄▅▆▇█"
_COLUMNS = 60


@frozen(kw_only=True)
class Load:
    """How many workers there are, or were on average, and how many of them had a task."""

    used: float
    available: float


@frozen(kw_only=True)
class LoadChange:
    """A moment, in unix seconds of the server's clock, and how many there were from then on."""

    time: float
    used: int
    available: int


@frozen(kw_only=True)
class WorkerLoad:
    """How busy some workers were. `print` shows a picture of it.

    Args:
        time: When it was asked, in unix seconds of the server's clock.
        since: From when on it is known; None if there is nothing to know. A log keeps its last lines only (`log_max`).
        history: Each change since then, in order of time.
    """

    time: float
    since: float | None
    history: tuple[LoadChange, ...] = field(repr=False)

    def mean(self, seconds: Iterable[float] = (1, 5, 15, math.inf)) -> dict[float, Load]:
        """Average over the last seconds.

        Args:
            seconds: How many; infinity: as far back as is known. A longer time than is known means that, too.
        Returns:
            The load by number of seconds.
        Raises:
            InvalidArgument: If these are no numbers above 0.
        """
        if not isinstance(seconds, Iterable):
            raise InvalidArgument(f"the load is averaged over several numbers of seconds, as [60], not {seconds!r:.60}")
        return {span: self._mean(self._begin(span), self.time) for span in seconds}

    def __str__(self) -> str:
        if self.since is None:
            return "no worker has told anything yet"
        begin, width = self.since, (self.time - self.since) / _COLUMNS
        columns = [self._mean(begin + n * width, begin + (n + 1) * width) for n in range(_COLUMNS)]
        now = self.history[-1]
        return (
            f"{''.join(map(_bar, columns))}\n"
            f"the last {self.time - self.since:.0f} s; now {now.used} of {now.available} workers have a task\n"
            f"on average {', '.join(_told(span, load) for span, load in self.mean().items())}"
        )

    def _begin(self, span: float) -> float:
        if isinstance(span, bool) or not isinstance(span, int | float) or not span > 0:
            raise InvalidArgument(f"the load is averaged over a number of seconds above 0, not {span!r:.60}")
        return max(self.time - span, self.time if self.since is None else self.since)

    def _mean(self, begin: float, end: float) -> Load:
        used = available = 0.0
        for change, until in self._spells(end):
            seconds = max(0.0, min(until, end) - max(change.time, begin))
            used += seconds * change.used
            available += seconds * change.available
        length = end - begin
        return Load(used=used / length, available=available / length) if length > 0 else Load(used=0.0, available=0.0)

    def _spells(self, end: float) -> Iterator[tuple[LoadChange, float]]:
        """Give each change with the time of the next one."""
        times = [change.time for change in self.history]
        return zip(self.history, [*times[1:], end], strict=False)


def worker_load(worker_ids: Workers | None = None, *, controller: Connection | None = None) -> WorkerLoad:
    """Tell how busy workers were, as far back as their logs go.

    Args:
        worker_ids: One worker or several, also such as have ended; None: all active ones.
        controller: The controller; None: the default one.
    Returns:
        A `WorkerLoad`: `.mean()`, `.history`, and a picture when it is printed.
    Raises:
        WorkerNotFound: If one is unknown.

    R: rrq_worker_load
    """
    connection = chosen(controller)
    ids = [record.id for record in worker_records(connection, worker_ids)]
    workers = connection.backend.workers
    logs: dict[str, list[LogEntry]] = {id: [] for id in ids}
    for entry in workers.log_tail(ids, None):
        logs[entry.worker_id].append(entry)
    return load_of([log for log in logs.values() if log], workers.time())


def load_of(logs: Sequence[Sequence[LogEntry]], time: float) -> WorkerLoad:
    """Read the load out of logs, none of them empty.

    Args:
        logs: The log of each worker, oldest line first.
        time: What time it is, in unix seconds.
    """
    if not logs:
        return WorkerLoad(time=time, since=None, history=())
    cut = [log[0].time for log in logs if log[0].command not in _BEGINS]
    since = max(cut) if cut else min(log[0].time for log in logs)
    changes = sorted((max(at, since), used, there) for log in logs for at, used, there in _changes(log))
    return WorkerLoad(time=max(time, changes[-1][0]), since=since, history=tuple(_summed(changes)))


Change = tuple[float, int, int]


def _changes(log: Sequence[LogEntry]) -> Iterator[Change]:
    """Give the times at which one worker came, went, took up and left a task, and what changed by it."""
    used, there = _at_the_cut(log) if log[0].command not in _BEGINS else (0, 0)
    yield log[0].time, used, there
    for entry in log:
        now = _after(entry, used, there)
        if now != (used, there):
            yield entry.time, now[0] - used, now[1] - there
            used, there = now


def _at_the_cut(log: Sequence[LogEntry]) -> tuple[int, int]:
    """Tell where a worker stood at the first line that was kept: at a task if the first of a task is its end."""
    first = next((entry.command for entry in log if entry.command.startswith(_TASK)), _START)
    return int(first != _START), 1


def _after(entry: LogEntry, used: int, there: int) -> tuple[int, int]:
    if entry.child is not None:  # the STOP of a task's process is not the worker's
        return used, there
    if entry.command in _COMES:
        return 0, 1
    if entry.command in _GOES:
        return 0, 0
    if entry.command.startswith(_TASK):
        return int(entry.command == _START), there
    return used, there


def _summed(changes: Sequence[Change]) -> Iterator[LoadChange]:
    totals = accumulate(changes, lambda total, change: (change[0], total[1] + change[1], total[2] + change[2]))
    by_time: Mapping[float, Change] = {total[0]: total for total in totals}  # of several at once the last
    return (LoadChange(time=time, used=used, available=there) for time, used, there in by_time.values())


def _bar(load: Load) -> str:
    share = load.used / load.available if load.available else 0.0
    return _BARS[math.ceil(min(share, 1.0) * (len(_BARS) - 1))]


def _told(span: float, load: Load) -> str:
    name = "all" if math.isinf(span) else f"{span:g} s"
    return f"{load.used:.1f} of {load.available:.1f} ({name})"
