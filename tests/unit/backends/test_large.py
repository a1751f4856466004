"""Large strings are read to where they stay, whatever comes in one go with them."""

import socket
import threading
from collections.abc import Iterator, Sequence

import pytest
import redis.exceptions

from rrq_backends.redis.exchange import packed
from rrq_backends.redis.large import LARGE, StringReader

BIG = bytes(range(256)) * (LARGE // 256) + b"end"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        yield ours, theirs


def answered(ends: tuple[socket.socket, socket.socket], pieces: Sequence[bytes], n: int = 1) -> list[list[object]]:
    """What is read when the server sends these pieces."""
    ours, theirs = ends

    def send() -> None:
        for piece in pieces:
            theirs.sendall(piece)
        theirs.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        return [[*strings] for strings in StringReader(ours).several(n)]
    finally:
        sender.join()


def reply(*strings: bytes | None) -> bytes:
    parts = [b"$-1\r\n" if each is None else b"$%d\r\n%b\r\n" % (len(each), each) for each in strings]
    return b"*%d\r\n" % len(strings) + b"".join(parts)


def test_strings_of_every_size_are_read(ends: tuple[socket.socket, socket.socket]) -> None:
    strings = [BIG, None, b"", b"\r\n$5\r\n", BIG[:LARGE], BIG[: LARGE - 1]]
    assert answered(ends, [reply(*strings), reply(b"small")], 2) == [strings, [b"small"]]


def test_it_does_not_matter_how_the_bytes_arrive(ends: tuple[socket.socket, socket.socket]) -> None:
    whole = reply(b"abc", None, BIG[:LARGE], b"")
    cuts = [whole[at : at + 1] for at in range(40)] + [whole[40:]]
    assert answered(ends, cuts) == [[b"abc", None, BIG[:LARGE], b""]]


def test_large_strings_are_the_readers_own_and_can_be_written_to(ends: tuple[socket.socket, socket.socket]) -> None:
    ((large, small),) = answered(ends, [reply(BIG, b"small")])
    assert isinstance(large, bytearray)
    assert isinstance(small, bytes)


def test_an_error_is_raised_when_all_was_read(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(b"-WRONGTYPE no\r\n" + reply(b"unread?"))
    reader = StringReader(ours)
    with pytest.raises(redis.exceptions.ResponseError, match="WRONGTYPE"):
        reader.several(2)
    ours.setblocking(False)
    with pytest.raises(BlockingIOError):
        ours.recv(1)


@pytest.mark.parametrize("piece", [b"", b"*1\r\n", b"*1\r\n$%d\r\nabc" % LARGE], ids=["nothing", "head", "middle"])
def test_a_connection_that_breaks_is_an_error_of_the_connection(
    ends: tuple[socket.socket, socket.socket], piece: bytes
) -> None:
    with pytest.raises(redis.exceptions.ConnectionError, match="the server closed the connection"):
        answered(ends, [piece])


def test_a_server_that_is_silent_is_an_error_of_time(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[0].settimeout(0.05)
    with pytest.raises(redis.exceptions.TimeoutError):
        StringReader(ends[0]).several(1)


def test_large_parts_of_a_command_are_sent_from_where_they_lie() -> None:
    command = ("SET", "kéy", BIG, 1, 2.5, bytearray(b"small"))
    pieces = packed(command)
    assert any(piece is BIG for piece in pieces)
    small = ("SET", "kéy", b"x", 1, 2.5, bytearray(b"small"))
    assert b"".join(pieces) == b"".join(packed(small)).replace(b"$1\r\nx", b"$%d\r\n%b" % (len(BIG), BIG))
