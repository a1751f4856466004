"""What every use case stands on: a queue id, its backend, the inbox for waits, and what holds if nothing is said."""

import math
import os
from collections.abc import Collection
from typing import NoReturn
from weakref import WeakSet

from attrs import frozen

from rrq_core.client import environment
from rrq_core.client.inbox import Inbox
from rrq_core.client.options import TaskOptions
from rrq_core.client.seconds import checked_seconds
from rrq_core.errors import Closed
from rrq_core.model.ids import QueueId
from rrq_core.model.queue_configuration import PLAIN_CONFIGURATION, QueueConfiguration
from rrq_core.payload import CallEncoder
from rrq_core.plugins import without_password
from rrq_core.ports import Backend
from rrq_core.store import ValueStore

_open: "WeakSet[Connection]" = WeakSet()


@frozen(kw_only=True)
class Choices:
    """What a controller does where a call says nothing. None: what the environment says."""

    timeout_task_wait: float | None = None
    follow: bool | None = None
    by_value: tuple[str, ...] = ()


@frozen(kw_only=True, eq=False)
class Prepared:
    """What calls of a function were encoded by, and for which function and options."""

    function: object
    options: TaskOptions
    encoder: CallEncoder


class Connection:
    """An open connection to one queue. What people hold is the `Controller`, which adds the calls."""

    def __init__(
        self, backend: Backend, choices: Choices, configuration: QueueConfiguration = PLAIN_CONFIGURATION
    ) -> None:
        self._backend = backend
        self._values = ValueStore.of(backend.objects, backend.queue_id, configuration)
        self._choices = choices
        self._inbox = Inbox(backend.queue, self._values.discard)
        self._process = os.getpid()
        self._is_closed = False
        self.prepared: Prepared | None = None
        _open.add(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of the queue {self.queue_id!r} on {without_password(self.url)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a controller cannot leave its process: connect to its queue_id and url where it is needed")

    @property
    def queue_id(self) -> QueueId:
        """The queue id that this is connected to."""
        return self._backend.queue_id

    @property
    def url(self) -> str:
        """The URL that connects here again; it has the password, if there is one."""
        return self._backend.url

    @property
    def backend(self) -> Backend:
        """The ports of this queue.

        Raises:
            Closed: If this was closed, or is a memory:// queue of the process that this one was forked from.
        """
        self._check_usable()
        return self._backend

    @property
    def values(self) -> ValueStore:
        """The stored values of this queue, as bytes.

        Raises:
            Closed: As `backend`.
        """
        self._check_usable()
        return self._values

    @property
    def inbox(self) -> Inbox:
        """The inbox for waits.

        Raises:
            Closed: As `backend`.
        """
        self._check_usable()
        return self._inbox

    def _check_usable(self) -> None:
        if self._is_closed:
            raise Closed(f"the controller of the queue {self.queue_id!r} was closed: connect again")
        if self._process != os.getpid() and not self._backend.shared:
            raise Closed(
                f"the queue {self.queue_id!r} on {self.url} lives in the memory of process {self._process}, and this "
                "fork of it cannot use it: connect to another name here, or share a queue by embedded:// or redis://"
            )

    @property
    def by_value(self) -> Collection[str]:
        """Names of the modules whose functions are sent by value."""
        return self._choices.by_value

    def follows(self, follow: bool | None) -> bool:
        """Tell whether to go on from a task that was retried to the one in its place."""
        if follow is not None:
            return follow
        if self._choices.follow is not None:
            return self._choices.follow
        return environment.flag("RRQ_FOLLOW") is not False

    def wait_limit(self, timeout: float | None) -> float:
        """Give the seconds that a wait may take, infinity where nothing limits it."""
        if timeout is not None:
            return checked_seconds(timeout, "timeout")
        if self._choices.timeout_task_wait is not None:
            return self._choices.timeout_task_wait
        limit = environment.duration("RRQ_TIMEOUT_TASK_WAIT")
        return math.inf if limit is None else limit

    def close(self) -> None:
        """Close the connection; waits that are under way end with `Closed`. Closing again does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        _open.discard(self)
        self._inbox.close()
        self._backend.close()


def open_connections(queue_id: QueueId) -> list[Connection]:
    """List the connections of this process to a queue id."""
    return [connection for connection in list(_open) if connection.queue_id == queue_id]
