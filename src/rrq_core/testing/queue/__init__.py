"""The contract of the port `Queue`, a module a topic."""

from rrq_core.testing.queue.cancelling import CancellingTests, RemovingTests
from rrq_core.testing.queue.checking import CheckingTests, DestroyingTests
from rrq_core.testing.queue.claiming import ClaimingTests, UpdatingTests
from rrq_core.testing.queue.deleting import DeletingTests
from rrq_core.testing.queue.dependencies import ArgumentTests, DelayTests, DependencyTests, FailedDependencyTests
from rrq_core.testing.queue.finishing import AutomaticRetryTests, FinishingTests
from rrq_core.testing.queue.mending import MendingTests
from rrq_core.testing.queue.recovering import RecoveringTests
from rrq_core.testing.queue.retrying import NotRetriedTests, RetryingTests, RevivingTests
from rrq_core.testing.queue.submitting import GroupTests, SubmittedValueTests, SubmittingAgainTests, SubmittingTests
from rrq_core.testing.queue.waiting import WaitingTests


class QueueTests(
    SubmittingTests,
    SubmittingAgainTests,
    GroupTests,
    SubmittedValueTests,
    ClaimingTests,
    UpdatingTests,
    FinishingTests,
    AutomaticRetryTests,
    DependencyTests,
    FailedDependencyTests,
    ArgumentTests,
    DelayTests,
    WaitingTests,
    CancellingTests,
    RemovingTests,
    RetryingTests,
    NotRetriedTests,
    RevivingTests,
    MendingTests,
    DeletingTests,
    RecoveringTests,
    CheckingTests,
    DestroyingTests,
):
    """The laws of the port `Queue`."""
