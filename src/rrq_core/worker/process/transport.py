"""Frames, by which a worker, its zygote and the process of a task talk over sockets.

A frame is a word that says what it is, a record of plain data, and parts of any bytes. On the way it is: the length of
the JSON that follows, as four bytes; that JSON; the parts one after another. A part over 1 MiB goes through a file in
the worker's scratch directory, and the JSON has its name; who reads it removes it.
"""

import json
import math
import os
import select
import socket
import struct
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NewType

from attrs import field, frozen

from rrq_core.model.value import Buffer

LARGE = 1024 * 1024
"""Bytes above which a part goes through a file."""

_LENGTH = struct.Struct("<I")
_CHUNK = 64 * 1024
_MOST_DESCRIPTORS = 4

Kind = NewType("Kind", str)


class Damaged(ValueError):
    """What came is no frame: the other side is not who it should be, or its memory is damaged."""


@frozen(kw_only=True)
class Frame:
    """One message. `descriptors` are open files that travel with it; who gets them closes them."""

    kind: Kind
    record: Mapping[str, object] = field(factory=dict)
    parts: Sequence[Buffer] = field(default=(), repr=False)
    descriptors: Sequence[int] = ()


def packed(frame: Frame) -> bytes:
    """Write a frame that has neither parts nor descriptors."""
    return _packed_head(frame, ())


def wait_for(descriptors: Sequence[int], timeout: float | None) -> set[int]:
    """Wait until there is something to read, or an end, at most `timeout` seconds; give the descriptors where it is."""
    poll = select.poll()  # not select(): a worker may have more than a thousand files open
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {ready for ready, _ in poll.poll(None if timeout is None else math.ceil(timeout * 1000))}


class Line:
    """One end of a connection on which frames go both ways.

    Args:
        end: The socket; it is closed with this.
        scratch: The directory for parts that are too large to be sent.
        takes_descriptors: Whether open files may come with frames.
    Attributes:
        scratch: That directory.
        damage: What came behind the last whole frame and is none; None if there is no such thing.
    """

    def __init__(self, end: socket.socket, scratch: Path, *, takes_descriptors: bool = False) -> None:
        self._end = end
        self.scratch = scratch
        self._takes_descriptors = takes_descriptors
        self._unread = bytearray()
        self._descriptors: list[int] = []
        self.damage: Damaged | None = None

    def fileno(self) -> int:
        """Give the descriptor of the socket, to wait for it."""
        return self._end.fileno()

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def send(self, frame: Frame) -> None:
        """Send a frame whole.

        Raises:
            OSError: If the other end is closed, or the scratch directory cannot be written.
        """
        places: list[int | str] = [self._put_aside(part) if len(part) > LARGE else len(part) for part in frame.parts]
        inline = [part for part, place in zip(frame.parts, places, strict=True) if isinstance(place, int)]
        data = b"".join([_packed_head(frame, places), *inline])
        if frame.descriptors:
            sent = socket.send_fds(self._end, [data], list(frame.descriptors))
            data = data[sent:]
        self._end.sendall(data)

    def send_packed(self, packed: bytes) -> None:
        """Send a frame that was packed.

        Raises:
            OSError: If the other end is closed.
        """
        self._end.sendall(packed)

    def wait(self, timeout: float | None) -> None:
        """Wait until there is something to read.

        Raises:
            TimeoutError: If there is nothing for so many seconds.
        """
        if not wait_for([self.fileno()], timeout):
            raise TimeoutError(f"nothing came for {timeout:g} s")

    def receive(self) -> list[Frame]:
        """Read once, waiting if need be, and give the frames that are whole now.

        Raises:
            EOFError: If the other end was closed.
            Damaged: If what came is no frame, and there is no whole one before it; see `damage`.
            OSError: If the connection is broken.
        """
        data = self._read()
        if not data:
            raise EOFError
        self._unread += data
        frames: list[Frame] = []
        try:
            while (frame := self._next()) is not None:
                frames.append(frame)
        except Damaged as damaged:
            if not frames:
                raise
            self.damage = damaged
        return frames

    def receive_rest(self) -> list[Frame]:
        """Read all that has come and give the frames in it, without waiting; none from a broken connection."""
        self._end.setblocking(False)
        frames = []
        try:
            while True:
                frames += self.receive()
        except (EOFError, OSError, Damaged):
            return frames

    def _read(self) -> bytes:
        if not self._takes_descriptors:
            return self._end.recv(_CHUNK)
        data, descriptors, _, _ = socket.recv_fds(self._end, _CHUNK, _MOST_DESCRIPTORS)
        self._descriptors += descriptors
        return data

    def _next(self) -> Frame | None:
        if len(self._unread) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._unread)
        start = _LENGTH.size + length
        if len(self._unread) < start:
            return None
        head = _read_head(self._unread[_LENGTH.size : start])
        end = start + sum(place for place in head.places if isinstance(place, int))
        if len(self._unread) < end:
            return None
        parts = self._parts(head.places, start)
        del self._unread[:end]
        descriptors = self._descriptors[: head.descriptors]
        del self._descriptors[: head.descriptors]
        return Frame(kind=head.kind, record=head.record, parts=parts, descriptors=descriptors)

    def _parts(self, places: Sequence[int | str], start: int) -> list[bytes]:
        parts = []
        for place in places:
            if isinstance(place, int):
                parts.append(bytes(self._unread[start : start + place]))
                start += place
            else:
                parts.append(self._take_back(place))
        return parts

    def _put_aside(self, part: Buffer) -> str:
        descriptor, path = tempfile.mkstemp(prefix="part-", dir=self.scratch)
        try:
            with open(descriptor, "wb") as file:
                file.write(part)
        except OSError as error:
            os.unlink(path)
            what = f"{error.strerror}: {len(part)} bytes on their way between a worker and a task's own process"
            raise OSError(error.errno, what, path) from error
        return os.path.basename(path)

    def _take_back(self, name: str) -> bytes:
        path = self.scratch / os.path.basename(name)
        try:
            data = path.read_bytes()
            path.unlink()
        except OSError as error:
            raise Damaged(f"a frame names a file that cannot be read: {error}") from error
        return data


def _packed_head(frame: Frame, places: Sequence[int | str]) -> bytes:
    described = {"kind": frame.kind, "record": frame.record, "parts": places, "descriptors": len(frame.descriptors)}
    head = json.dumps(described).encode()
    return _LENGTH.pack(len(head)) + head


@frozen(kw_only=True)
class _Head:
    """How a frame begins. `places`: of each part its length, or the name of its file."""

    kind: Kind
    record: Mapping[str, object]
    places: Sequence[int | str]
    descriptors: int


def _read_head(text: bytes | bytearray) -> _Head:
    try:
        head = json.loads(text)
    except ValueError as error:
        raise Damaged(f"a frame does not begin with JSON: {bytes(text[:60])!r}") from error
    match head:
        case {"kind": str(kind), "record": dict(record), "parts": list(places), "descriptors": int(n)}:
            if all(map(_is_place, places)):
                return _Head(kind=Kind(kind), record=record, places=places, descriptors=n)
    raise Damaged(f"a frame does not begin as one: {bytes(text[:60])!r}")


def _is_place(place: object) -> bool:
    return isinstance(place, str) or (isinstance(place, int) and place >= 0)
