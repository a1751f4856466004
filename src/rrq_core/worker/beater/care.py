"""What a beater does for its queue."""

import time
from contextlib import suppress

from rrq_core.errors import RrqError
from rrq_core.ports import Backend


class Care:
    """Sets right what time has brought, and clears away in the offload what nobody needs any more.

    Args:
        backend: The queue.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def take(self) -> None:
        """Do it once. What cannot be done now is for the next who does it."""
        with suppress(RrqError):
            told_at = time.time()
            recovered = self._backend.queue.recover()
            if recovered.names or recovered.collect_due:
                from rrq_core.worker.values import (
                    values_of,  # here, since a beater that clears nothing away stays small
                )

                values_of(self._backend).look_after(recovered, told_at)
