"""The contract of the port `Workers`, a module a topic."""

from rrq_core.testing.workers.log import LogTests
from rrq_core.testing.workers.registering import RegisteringTests
from rrq_core.testing.workers.waking import WakingTests


class WorkersTests(RegisteringTests, WakingTests, LogTests):
    """The laws of the port `Workers`."""
