"""How a task is to be run, as far as only its worker needs to know: JSON in the body, which nobody unpickles."""

from collections.abc import Mapping

from attrs import field, frozen

from rrq_core.errors import InvalidArgument, PayloadRefused

_MOST_DOUBLINGS = 1000  # more would be beyond what a float can hold


@frozen(kw_only=True)
class Backoff:
    """How long to wait before a task is tried again: `first` seconds, then `factor` times as long each time.

    It is `limit` seconds at most.
    """

    first: float
    limit: float
    factor: int = 1

    def pause(self, attempt: int) -> float:
        """Give the seconds between an attempt, numbered from 1, and the next.

        >>> [exponential(2, 10).pause(attempt) for attempt in (1, 2, 3, 4)]
        [2.0, 4.0, 8.0, 10.0]
        """
        return min(self.first * float(self.factor) ** min(attempt - 1, _MOST_DOUBLINGS), self.limit)


def exponential(first: float, limit: float) -> Backoff:
    """Describe delays between attempts that double, for the task option `retry_delay`.

    Workers make each up to a fifth longer, so that tasks that failed together do not come back together.

    Args:
        first: Seconds between the first attempt and the second, above 0.
        limit: Seconds that no delay is longer than.
    Raises:
        InvalidArgument: If they are no finite seconds, or the limit is below the first.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://exponential") as q, rrq.worker_spawn(1):
    ...     q.options(retries=5, retry_delay=rrq.exponential(1, 60)).submit(pow, 2, 10).result()
    1024
    """
    for name, value in (("first", first), ("limit", limit)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise InvalidArgument(f"{name} of exponential() is a finite number of seconds above 0, not {value!r}")
    if limit < first:
        raise InvalidArgument(f"exponential({first!r}, {limit!r}) has a limit below its first delay: swap them?")
    return Backoff(first=float(first), limit=float(limit), factor=2)


@frozen(kw_only=True)
class RunOptions:
    """What a body tells its worker beside the call.

    Args:
        memory: Bytes that a process of its own may use; None: no limit.
        env: Environment variables of a process of its own.
        retry_delay: How long to wait before it is tried again after an error; None: it is not.
    """

    memory: int | None = None
    env: Mapping[str, str] = field(factory=dict)
    retry_delay: Backoff | None = None

    def to_record(self) -> dict[str, object]:
        """Give the stored form: only what is not the default."""
        record: dict[str, object] = {}
        if self.memory is not None:
            record["memory"] = self.memory
        if self.env:
            record["env"] = dict(self.env)
        if self.retry_delay is not None:
            record["retry_delay"] = [self.retry_delay.first, self.retry_delay.limit, self.retry_delay.factor]
        return record


DEFAULT_RUN = RunOptions()


def run_options_of(record: Mapping[str, object], subject: object) -> RunOptions:
    """Read the stored form.

    Raises:
        PayloadRefused: If it is none.
    """
    match record.get("memory"), record.get("env", {}):
        case (int() | None as memory, dict() as env) if all(isinstance(value, str) for value in env.values()):
            return RunOptions(memory=memory, env=env, retry_delay=_backoff(record, subject))
    raise PayloadRefused(f"{subject} is damaged: {record!r:.200} does not say how to run it")


def _backoff(record: Mapping[str, object], subject: object) -> Backoff | None:
    match record.get("retry_delay"):
        case None:
            return None
        case [int() | float() as first, int() | float() as limit, int() as factor]:
            return Backoff(first=first, limit=limit, factor=factor)
        case other:
            raise PayloadRefused(f"{subject} is damaged: {other!r:.200} is no delay between attempts")
