"""A way to a server on which every script is sent twice, and the second reply is the one that is heard."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import redis.exceptions
from redis.connection import AbstractConnection

from rrq_backends.redis.connection import Connector

LONGEST_HEAD = 32


def repeating(connector: Connector) -> Connector:
    """Make connections that send scripts twice."""

    def connect(socket_timeout: float) -> AbstractConnection:
        connection = connector(socket_timeout)
        _repeat_scripts(connection)
        return connection

    return connect


def _repeat_scripts(connection: AbstractConnection) -> None:
    send: Callable[..., None] = connection.send_packed_command
    read: Callable[..., object] = connection.read_response
    repeated: deque[None] = deque()  # scripts whose replies are not read yet

    def send_packed_command(command: list[bytes], check_health: bool = True) -> None:
        is_script = b"\r\nEVALSHA\r\n" in command[0][:LONGEST_HEAD]
        for _ in range(2 if is_script else 1):
            send(command, check_health=check_health)
        if is_script:
            repeated.append(None)

    def read_response(*args: object, **kwargs: object) -> object:
        if repeated:  # what is sent together is either all scripts, or none of it
            repeated.popleft()
            with suppress(redis.exceptions.ResponseError):
                read(*args, **kwargs)
        return read(*args, **kwargs)

    connection.send_packed_command = send_packed_command
    connection.read_response = read_response
