"""What looking after a queue finds: broken laws, and work that was lost and found again."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from rrq_core.model.ids import TaskId, WorkerId


class Law(StrEnum):
    """The invariants of a queue that `check()` verifies, each as it is named in the reference."""

    TASK_FIELDS = "task-fields"
    PENDING = "pending-in-one-queue"
    DEFERRED = "deferred-waits-for-something"
    RUNNING = "running-under-one-worker"
    QUEUED = "queued-is-pending"
    DEPENDENCY = "dependency-is-known-both-ways"
    CHAIN = "retry-chain-is-whole"
    VALUE = "value-has-bytes-while-tagged"
    TAG = "tag-belongs-to-something"
    WORKER = "worker-is-registered-whole"
    KEY = "key-belongs-to-the-queue"


@frozen(kw_only=True)
class Violation:
    """One broken law: which, of what, in a sentence, and whether it was mended."""

    law: Law
    subject: str
    sentence: str
    repaired: bool = False


@frozen(kw_only=True)
class CheckReport:
    """What `check()` found."""

    violations: tuple[Violation, ...]

    @property
    def ok(self) -> bool:
        """Whether every law held."""
        return not self.violations


@frozen(kw_only=True)
class Recovered:
    """What one run of `recover` found and set right.

    `collect_due`: it is time to collect what nobody uses. `is_gone`: there is nothing of the queue, it was destroyed.
    """

    lost: Mapping[WorkerId, TaskId | None] = field(factory=dict)
    requeued: tuple[TaskId, ...] = ()
    died: tuple[TaskId, ...] = ()
    due: tuple[TaskId, ...] = ()
    expired: tuple[TaskId, ...] = ()
    names: tuple[str, ...] = ()
    collect_due: bool = False
    is_gone: bool = False
