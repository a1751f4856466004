"""Connections to a server: our own time-outs, our own bounded retries, and errors in our words.

Ours because every script here may run twice, which redis-py cannot know, and because a pop may not: its own retries
would send a BLPOP again and lose what the first one popped.
"""

import os
import random
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import redis.connection
import redis.exceptions
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.retry import Retry

from rrq_backends.redis.exchange import (
    Argument,
    Reply,
    exchange,
    exchange_many,
    exchange_slowly,
    exchange_strings,
)
from rrq_backends.redis.failures import is_passing, translated, unavailable
from rrq_core.errors import InvalidArgument
from rrq_core.plugins import without_password

Connector = Callable[[float], AbstractConnection]

_T = TypeVar("_T")

COMMAND_TIMEOUT = 30.0
CONNECT_TIMEOUT = 5.0
BLOCKING_MARGIN = 5.0
PATIENCE = 10.0

_SHORTEST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0
_OURS = ("socket_timeout", "socket_connect_timeout", "retry_on_timeout", "retry_on_error", "health_check_interval",
         "decode_responses", "protocol", "max_connections", "timeout")  # fmt: skip


def connector_of(url: str) -> Connector:
    """Make what opens connections to a `redis://` or `unix://` URL.

    Time-outs and retries that the URL asks for are left out: they are ours.

    Raises:
        InvalidArgument: If the URL cannot be read.
    """
    try:
        options = redis.connection.parse_url(url)
    except ValueError as error:
        raise InvalidArgument(f"not a URL of a Redis server: {without_password(url)!r} ({error})") from error
    kind = options.pop("connection_class", redis.connection.Connection)
    for name in _OURS:
        options.pop(name, None)

    def connect(socket_timeout: float) -> AbstractConnection:
        connection: AbstractConnection = kind(
            **options,
            socket_timeout=socket_timeout,
            socket_connect_timeout=CONNECT_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        return connection

    return connect


class Connections:
    """Connections to one server, each used by one thread at a time. A forked child makes its own."""

    def __init__(self, connector: Connector, shown_url: str, patience: float = PATIENCE) -> None:
        self._connector = connector
        self._patience = patience
        self.shown_url = shown_url
        self._was_connected = False
        self._forget()
        _EVERY.add(self)

    def _forget(self) -> None:
        self._idle: deque[AbstractConnection] = deque()
        self._sleepers: deque[AbstractConnection] = deque()

    def call(self, *command: Argument) -> Reply:
        """Send one command and read its reply; it is sent again while the server is away for a short time.

        Raises:
            BackendError: What the server answered, or that it could not be reached.
        """
        return self._patiently(partial(exchange, command=command))

    def pipeline(self, commands: Sequence[Sequence[Argument]], depth: int = 1000) -> list[Reply]:
        """Send several commands, `depth` of them ahead of their replies. No transaction: each stands for itself.

        Raises:
            BackendError: The first error among the replies, after all were read.
        """
        return self._patiently(lambda connection: exchange_many(connection, commands, depth)) if commands else []

    def strings(self, commands: Sequence[Sequence[Argument]]) -> list[list[Reply]]:
        """Send several commands, each answered by a list of strings. Large ones come in memory of the caller's own.

        Raises:
            BackendError: What the server answered, or that it could not be reached.
        """
        return self._patiently(lambda connection: exchange_strings(connection, commands))

    def blocking(self, commands: Sequence[Sequence[Argument]], timeout: float) -> list[Reply]:
        """Send commands of which one waits on the server for at most `timeout` seconds. They are never sent twice.

        Raises:
            BackendError: Also when the connection broke: replies, and what they popped, may be lost.
        """
        connection = self._take(self._sleepers)
        try:
            replies = exchange_slowly(connection, commands, timeout + BLOCKING_MARGIN)
        except redis.exceptions.RedisError as error:
            self._settle(connection, self._sleepers, error)
            raise translated(error, self.shown_url) from error
        except BaseException:
            connection.disconnect()
            raise
        self._sleepers.append(connection)
        return replies

    def close(self) -> None:
        """Close what is not in use; what is closes when it comes back."""
        for connections in (self._idle, self._sleepers):
            while connections:
                connections.pop().disconnect()

    def _take(self, connections: deque[AbstractConnection]) -> AbstractConnection:
        try:
            return connections.pop()
        except IndexError:
            return self._connector(COMMAND_TIMEOUT)

    def _patiently(self, send: Callable[[AbstractConnection], _T]) -> _T:
        pauses = None
        while True:
            connection = self._take(self._idle)
            try:
                reply = send(connection)
            except redis.exceptions.RedisError as error:
                self._settle(connection, self._idle, error)
                if not is_passing(error):
                    raise translated(error, self.shown_url) from error
                pauses = pauses or Pauses(self._patience if self._was_connected else 0.0)
                if not pauses.pause():
                    raise unavailable(error, self.shown_url) from error
            except BaseException:
                connection.disconnect()
                raise
            else:
                self._was_connected = True
                self._idle.append(connection)
                return reply

    def _settle(self, connection: AbstractConnection, home: deque[AbstractConnection], error: Exception) -> None:
        if isinstance(error, redis.exceptions.ResponseError):
            home.append(connection)
        else:
            connection.disconnect()


class Pauses:
    """Growing, jittered pauses between attempts, until patience is at its end."""

    def __init__(self, patience: float) -> None:
        self._deadline = time.monotonic() + patience
        self._next = _SHORTEST_PAUSE

    def pause(self) -> bool:
        """Sleep until the next attempt; False, at once, when there shall be none."""
        pause = self._next * random.uniform(0.8, 1.2)
        if time.monotonic() + pause > self._deadline:
            return False
        time.sleep(pause)
        self._next = min(2 * self._next, _LONGEST_PAUSE)
        return True


_EVERY: "weakref.WeakSet[Connections]" = weakref.WeakSet()


def _forget_all() -> None:
    for connections in list(_EVERY):
        connections._forget()


os.register_at_fork(after_in_child=_forget_all)
