"""Replies with large strings, read into memory that is the caller's own.

A parser gathers a reply in a buffer and copies it from there: at a hundred megabytes that is twice the memory, and the
copy cannot be written to. Here each large string is read from the socket to where it stays.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import redis.exceptions
from redis._parsers.base import BaseParser
from redis.connection import AbstractConnection

from rrq_core.model.memory import new_memory
from rrq_core.model.value import Buffer

LARGE = 256 * 1024
_CHUNK = 64 * 1024

Found = Buffer | None
Strings = list[Found]


def plain_socket(connection: AbstractConnection) -> socket.socket | None:
    """Give the socket of a connection, None if it has no real one."""
    found = getattr(connection, "_sock", None)
    return found if isinstance(found, socket.socket) else None


class StringReader:
    """Reads replies that are lists of strings, as many as were asked for, and nothing after them.

    Args:
        stream: A socket on which nothing is left of replies before.
    """

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._unread = bytearray()

    def several(self, n: int) -> list[Strings]:
        """Read so many replies.

        Raises:
            RedisError: The first that is an error, when all were read; or at once, if the connection breaks.
        """
        with _in_words_of_redis():
            replies = [self._strings() for _ in range(n)]
        for reply in replies:
            if isinstance(reply, redis.exceptions.ResponseError):
                raise reply
        return [reply for reply in replies if not isinstance(reply, redis.exceptions.ResponseError)]

    def _strings(self) -> Strings | redis.exceptions.ResponseError:
        try:
            return [self._string() for _ in range(self._number(b"*"))]
        except redis.exceptions.ResponseError as error:
            return error

    def _string(self) -> Found:
        length = self._number(b"$")
        if length < 0:
            return None
        if length < LARGE:
            data = self._exactly(length + 2)
            return bytes(memoryview(data)[:length])
        return self._large(length)

    def _large(self, length: int) -> Buffer:
        data = new_memory(length)
        view = memoryview(data)
        at = min(len(self._unread), length)
        view[:at] = self._unread[:at]
        del self._unread[:at]
        while at < length:
            at += self._came(self._stream.recv_into(view[at:]))
        self._exactly(2)
        return data

    def _number(self, kind: bytes) -> int:
        line = self._line()
        if line[:1] == b"-":
            error = BaseParser.parse_error(line[1:].decode(errors="replace"))
            raise error
        if line[:1] != kind:
            raise redis.exceptions.InvalidResponse(f"{line[:40]!r} where {kind!r} was expected")
        return int(line[1:])

    def _line(self) -> bytes:
        while (end := self._unread.find(b"\r\n")) < 0:
            self._more()
        line = bytes(self._unread[:end])
        del self._unread[: end + 2]
        return line

    def _exactly(self, length: int) -> bytes:
        while len(self._unread) < length:
            self._more()
        data = bytes(self._unread[:length])
        del self._unread[:length]
        return data

    def _more(self) -> None:
        chunk = self._stream.recv(_CHUNK)
        self._came(len(chunk))
        self._unread += chunk

    @staticmethod
    def _came(count: int) -> int:
        if count == 0:
            raise ConnectionResetError("the server closed the connection")
        return count


@contextmanager
def _in_words_of_redis() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise redis.exceptions.TimeoutError("Timeout reading from socket") from error
    except OSError as error:
        raise redis.exceptions.ConnectionError(f"Error while reading from socket: {error}") from error
