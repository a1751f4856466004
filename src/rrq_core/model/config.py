"""How workers of a queue behave: their configuration, its checks and its stored form (JSON)."""

import json
import math
from collections.abc import Sequence

from attrs import Attribute, field, frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import DEFAULT_QUEUE, QueueName, queue_name


def _positive(instance: object, attribute: "Attribute[float]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InvalidArgument(f"{attribute.name} is a number of seconds above 0, not {value!r}")


def _boolean(instance: object, attribute: "Attribute[bool]", value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidArgument(f"{attribute.name} is True or False, not {value!r}")


def listened_queues(queue: Sequence[str] | str | None) -> tuple[QueueName, ...]:
    """Give the queues that a worker listens to, by priority: those named, `default` last if it is not among them.

    Raises:
        InvalidName: If one is no queue name.
        InvalidArgument: If one is named twice.
    """
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

    R: rrq_worker_config
    """

    queue: tuple[QueueName, ...] = field(default=None, converter=listened_queues)
    verbose: bool = field(default=True, validator=_boolean)
    poll_queue: float = field(default=5.0, validator=_positive)
    timeout_idle: float = field(default=math.inf, validator=_positive)

    def to_json(self) -> bytes:
        """Give the stored form."""
        return json.dumps(
            {
                "queue": self.queue,
                "verbose": self.verbose,
                "poll_queue": self.poll_queue,
                "timeout_idle": None if math.isinf(self.timeout_idle) else self.timeout_idle,
            }
        ).encode()

    @classmethod
    def from_json(cls, stored: bytes) -> "WorkerConfig":
        """Read the stored form."""
        record = json.loads(stored)
        if record["timeout_idle"] is None:
            record["timeout_idle"] = math.inf
        return cls(**record)
