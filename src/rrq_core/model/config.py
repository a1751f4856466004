"""How workers of a queue behave: their configuration, its checks and its stored form (JSON)."""

import json
import math
from collections.abc import Sequence
from typing import Literal, TypeGuard

from attrs import Attribute, field, frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import DEFAULT_QUEUE, QueueName, queue_name

LONGEST = 1e9  # seconds, thirty years: stores cannot count what is much longer
_AT_MOST = f"at most {LONGEST:,.0f}"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _period(instance: object, attribute: "Attribute[float]", value: object) -> None:
    if not _is_number(value) or not 0 < value <= LONGEST:
        raise _wrong(attribute.name, f"a number of seconds above 0, {_AT_MOST}", value)


def _period_or_none(instance: object, attribute: "Attribute[float]", value: object) -> None:
    if value is not None and (not _is_number(value) or not 0 < value <= LONGEST):
        raise _wrong(attribute.name, f"a number of seconds above 0, {_AT_MOST}, or None for no heartbeat", value)


def _limit(instance: object, attribute: "Attribute[float]", value: object) -> None:
    if not _is_number(value) or not value > 0:
        raise _wrong(attribute.name, "a number of seconds above 0, or infinity (math.inf) for no limit", value)


def _patience(instance: object, attribute: "Attribute[float]", value: object) -> None:
    if not _is_number(value) or not 0 <= value <= LONGEST:
        raise _wrong(attribute.name, f"a number of seconds, 0 or more, {_AT_MOST}", value)


def _boolean(instance: object, attribute: "Attribute[bool]", value: object) -> None:
    if not isinstance(value, bool):
        raise _wrong(attribute.name, "True or False", value)


def _lines(instance: object, attribute: "Attribute[int]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(attribute.name, "a number of lines, 1 or more", value)


def _directory(instance: object, attribute: "Attribute[str | None]", value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value or "\0" in value):
        raise _wrong(attribute.name, "the path of a directory, or None", value)


def _way(instance: object, attribute: "Attribute[str | None]", value: object) -> None:
    if value not in (None, "fork", "fresh"):
        raise _wrong(attribute.name, "'fork', 'fresh' or None", value)


def _wrong(name: str, wanted: str, value: object) -> InvalidArgument:
    return InvalidArgument(f"{name} is {wanted}, not {value!r:.60}")


def listened_queues(queue: Sequence[str] | str | None) -> tuple[QueueName, ...]:
    """Give the queues that a worker listens to, by priority: those named, `default` last if it is not among them.

    Raises:
        InvalidName: If one is no queue name.
        InvalidArgument: If one is named twice, or this is no name and no list of names.
    """
    if queue is not None and (isinstance(queue, bytes) or not isinstance(queue, Sequence)):
        raise _wrong("queue", "the name of a queue, a list of names by priority, or None", queue)
    named = [queue] if isinstance(queue, str) else list(queue or ())
    names = [queue_name(name) for name in named]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidArgument(f"a queue is named once; twice here: {', '.join(map(repr, twice))}")
    return tuple(names) if DEFAULT_QUEUE in names else (*names, DEFAULT_QUEUE)


@frozen(kw_only=True)
class WorkerConfig:
    """How a worker behaves. Made by `worker_config`.

    Args:
        queue: Queues to listen to, in order of priority; `default` is added last if it is not among them.
        verbose: Whether the worker prints its log.
        poll_queue: Seconds that an idle worker sleeps at most before it looks again by itself.
        timeout_idle: Seconds without a task after which the worker exits; infinity: never.
        logdir: A directory for what separate processes print, in a file named by the task's id; None: the worker's own,
            from which the end of each is kept with its task.
        poll_process: Seconds between two questions to the store whether a separate process is still wanted.
        timeout_process_die: Seconds that a separate process has to end when it is asked to, before it is killed.
        heartbeat_period: Seconds between two beats of the worker's heartbeat, which lapses after three of them; None:
            it has none.
        allow_eval: Whether the worker evaluates what an EVAL message asks it to.
        process: How separate processes are made: "fork" or "fresh"; None: by fork where that is safe.
        log_max: Lines of the worker's log that are kept.

    R: rrq_worker_config
    """

    queue: tuple[QueueName, ...] = field(default=None, converter=listened_queues)
    verbose: bool = field(default=True, validator=_boolean)
    poll_queue: float = field(default=5.0, validator=_period)
    timeout_idle: float = field(default=math.inf, validator=_limit)
    logdir: str | None = field(default=None, validator=_directory)
    poll_process: float = field(default=1.0, validator=_period)
    timeout_process_die: float = field(default=2.0, validator=_patience)
    heartbeat_period: float | None = field(default=20.0, validator=_period_or_none)
    allow_eval: bool = field(default=True, validator=_boolean)
    process: Literal["fork", "fresh"] | None = field(default=None, validator=_way)
    log_max: int = field(default=10_000, validator=_lines)

    def to_json(self) -> bytes:
        """Give the stored form."""
        return json.dumps(
            {
                "queue": self.queue,
                "verbose": self.verbose,
                "poll_queue": self.poll_queue,
                "timeout_idle": None if math.isinf(self.timeout_idle) else self.timeout_idle,
                "logdir": self.logdir,
                "poll_process": self.poll_process,
                "timeout_process_die": self.timeout_process_die,
                "heartbeat_period": self.heartbeat_period,
                "allow_eval": self.allow_eval,
                "process": self.process,
                "log_max": self.log_max,
            }
        ).encode()

    @classmethod
    def from_json(cls, stored: bytes) -> "WorkerConfig":
        """Read the stored form."""
        record = json.loads(stored)
        if record["timeout_idle"] is None:
            record["timeout_idle"] = math.inf
        return cls(**record)
