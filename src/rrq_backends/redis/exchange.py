"""Commands and replies on one connection, whatever their size."""

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from mmap import mmap

import hiredis
import redis.exceptions
from redis.connection import AbstractConnection

from rrq_backends.redis.large import LARGE, StringReader, plain_socket
from rrq_core.model.value import Buffer

Argument = str | Buffer | int | float
Reply = list["Reply"] | Buffer | int | None

FOREIGN = "surrogateescape"
"""How bytes that are no text are kept in text, so that whatever another program wrote can be named, and deleted."""

# Its stub knows commands of one part only.
_pack: Callable[[tuple[Argument, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]


def packed(command: Sequence[Argument]) -> list[bytes]:
    """Write a command, in one piece or, where parts of it are large, in several."""
    for part in command:
        if type(part) is bytes and len(part) >= LARGE:
            return _around(command)
    try:
        return [_pack(tuple(command))]
    except (TypeError, UnicodeEncodeError):  # buffers that hiredis does not take, and what another program wrote
        return [_pack(tuple(_plain(part) for part in command))]


def _plain(part: Argument) -> Argument:
    if isinstance(part, str):
        return part.encode("utf-8", FOREIGN)
    return bytes(part) if isinstance(part, bytearray | mmap) else part


def _around(command: Sequence[Argument]) -> list[bytes]:
    """Write a command in pieces, so that large parts are sent from where they lie."""
    pieces: list[bytes] = []
    small = bytearray(b"*%d\r\n" % len(command))
    for part in command:
        if type(part) is bytes and len(part) >= LARGE:
            pieces += (bytes(small) + b"$%d\r\n" % len(part), part)
            small = bytearray(b"\r\n")
        else:
            text = str(part).encode("utf-8", FOREIGN) if isinstance(part, str | int | float) else bytes(part)
            small += b"$%d\r\n%b\r\n" % (len(text), text)
    return [*pieces, bytes(small)]


def _send(connection: AbstractConnection, command: Sequence[Argument]) -> None:
    pieces = packed(command)
    if len(pieces) > 1:
        connection.connect()
        if (stream := plain_socket(connection)) is not None:
            _send_pieces(connection, stream, pieces)
            return
    connection.send_packed_command(pieces, check_health=False)


def _send_pieces(connection: AbstractConnection, stream: socket.socket, pieces: Sequence[bytes]) -> None:
    """Send a large command. A server that does not take it says why, and closes while more is on its way."""
    try:
        for piece in pieces:
            stream.sendall(piece)
    except OSError as error:
        with suppress(redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
            connection.read_response()
        raise redis.exceptions.ConnectionError(f"Error while writing to socket: {error}") from error


def exchange(connection: AbstractConnection, command: Sequence[Argument]) -> Reply:
    """Send one command and read its reply."""
    _send(connection, command)
    reply: Reply = connection.read_response()
    return reply


def exchange_slowly(
    connection: AbstractConnection, commands: Sequence[Sequence[Argument]], timeout: float
) -> list[Reply]:
    """Send commands in one piece, and wait so many seconds for each reply; see `Connections.blocking`."""
    together = b"".join([part for command in commands for part in packed(command)])
    connection.send_packed_command([together], check_health=False)
    return [connection.read_response(timeout=timeout) for _ in commands]


def exchange_many(connection: AbstractConnection, commands: Sequence[Sequence[Argument]], depth: int) -> list[Reply]:
    """Send commands, `depth` of them ahead of their replies; the first error is raised when all replies were read."""
    replies: list[Reply | redis.exceptions.ResponseError] = []
    for sent, command in enumerate(commands):
        _send(connection, command)
        if sent >= depth:
            replies.append(_reply(connection))
    replies.extend(_reply(connection) for _ in range(len(commands) - len(replies)))
    for reply in replies:
        if isinstance(reply, redis.exceptions.ResponseError):
            raise reply
    return [reply for reply in replies if not isinstance(reply, redis.exceptions.ResponseError)]


def exchange_strings(connection: AbstractConnection, commands: Sequence[Sequence[Argument]]) -> list[list[Reply]]:
    """Send commands, each answered by a list of strings; large ones come in memory of the caller's own."""
    for command in commands:
        _send(connection, command)
    stream = plain_socket(connection)
    if stream is None:  # a server in this process
        return [connection.read_response() for _ in commands]
    return [[*strings] for strings in StringReader(stream).several(len(commands))]


def _reply(connection: AbstractConnection) -> Reply | redis.exceptions.ResponseError:
    try:
        reply: Reply = connection.read_response()
        return reply
    except redis.exceptions.ResponseError as error:
        return error
