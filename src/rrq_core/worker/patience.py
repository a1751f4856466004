"""Calling the store again and again while it is away."""

from collections.abc import Callable
from typing import TypeVar

from rrq_core.worker.journal import Journal
from rrq_core.worker.outage import PASSING, growing_pauses
from rrq_core.worker.stop import StopRequest

_T = TypeVar("_T")


class Patience:
    """How a worker bears with a store that is away or full.

    Args:
        stop: The request to stop, which cuts pauses short.
        journal: Where it is printed that the store is away.
        has_outcome: Tells whether the worker has an outcome to hand in, for which it waits as long as it takes.
    """

    def __init__(self, stop: StopRequest, journal: Journal, has_outcome: Callable[[], bool]) -> None:
        self._stop = stop
        self._journal = journal
        self._has_outcome = has_outcome

    def persist(self, call: Callable[[], _T]) -> _T:
        """Make a call until it comes through.

        Raises:
            BackendUnavailable, BackendFull: If the worker is asked to stop meanwhile, and has nothing to hand in.
        """
        pauses = None
        while True:
            try:
                return call()
            except PASSING as error:
                if self._stop.reason is not None and not self._has_outcome():
                    raise
                self._journal.show("UNAVAILABLE", str(error))
                pauses = pauses or growing_pauses()
                self._stop.pause(next(pauses))
