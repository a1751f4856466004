"""Frames come out as they went in, whatever is in them and however they are cut on the way."""

import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rrq_core.worker.process.transport import LARGE, Damaged, Frame, Kind, Line

KIND = Kind("word")


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[socket.socket, Line, Line]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, Line(one, tmp_path), Line(other, tmp_path, takes_descriptors=True)


def test_a_frame_arrives_with_its_record_and_parts(ends) -> None:
    _, one, other = ends
    one.send(Frame(kind=KIND, record={"a": [1, None], "ü": "日"}, parts=(b"", b"\x00\xff", memoryview(b"view"))))
    (frame,) = other.receive()
    assert (frame.kind, frame.record, frame.parts) == (KIND, {"a": [1, None], "ü": "日"}, [b"", b"\x00\xff", b"view"])


def test_frames_are_told_apart_and_pieces_are_put_together(ends) -> None:
    end, one, other = ends
    for number in range(3):
        one.send(Frame(kind=KIND, record={"n": number}, parts=(b"x" * number,)))
    assert [frame.record["n"] for frame in other.receive()] == [0, 1, 2]
    sent = b"".join(_bytes_of(Frame(kind=KIND, parts=(b"abc",))))
    for byte in sent[:-1]:
        end.sendall(bytes([byte]))
        assert other.receive() == []
    end.sendall(sent[-1:])
    assert other.receive()[0].parts == [b"abc"]


def _bytes_of(frame: Frame) -> Iterator[bytes]:
    one, other = socket.socketpair()
    with one, other:
        Line(one, Path("/nowhere")).send(frame)
        yield other.recv(1000)


def test_large_parts_go_through_files_that_are_gone_when_they_were_read(ends, tmp_path: Path) -> None:
    _, one, other = ends
    large = os.urandom(LARGE + 1)
    one.send(Frame(kind=KIND, parts=(b"small", large)))
    assert len(list(tmp_path.iterdir())) == 1
    assert other.receive()[0].parts == [b"small", large]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def little_room() -> Iterator[None]:
    """Let no file grow beyond 1,000 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_large_part_that_finds_no_room_is_named_and_leaves_nothing(ends, tmp_path: Path, little_room: None) -> None:
    _, one, _ = ends
    with pytest.raises(OSError, match=f"{LARGE + 1} bytes on their way .*: '{tmp_path}/part-"):
        one.send(Frame(kind=KIND, parts=(b"x" * (LARGE + 1),)))
    assert list(tmp_path.iterdir()) == []


def test_open_files_come_with_the_frame_that_they_were_sent_with(ends, tmp_path: Path) -> None:
    _, one, other = ends
    with (tmp_path / "file").open("w") as file:
        one.send(Frame(kind=KIND))
        one.send(Frame(kind=KIND, descriptors=(file.fileno(),)))
        one.send(Frame(kind=KIND))
        frames = other.receive()
        while len(frames) < 3:
            frames += other.receive()
    assert [len(frame.descriptors) for frame in frames] == [0, 1, 0]
    with open(frames[1].descriptors[0], "w") as file:
        file.write("through the other end")
    assert (tmp_path / "file").read_text() == "through the other end"


def test_the_end_of_a_connection_is_told(ends) -> None:
    end, _, other = ends
    end.close()
    with pytest.raises(EOFError):
        other.receive()
    assert other.receive_rest() == []


@pytest.mark.parametrize(
    "sent",
    [
        b"\x04\x00\x00\x00{{{{",
        b"\x02\x00\x00\x00{}",
        b'\x3b\x00\x00\x00{"kind": "a", "record": {}, "parts": [-1], "descriptors": 0}',
    ],
)
def test_what_is_no_frame_is_refused(ends, sent: bytes) -> None:
    end, _, other = ends
    end.sendall(sent)
    with pytest.raises(Damaged):
        other.receive()


def test_what_came_whole_is_not_lost_by_what_is_behind_it(ends) -> None:
    end, one, other = ends
    one.send(Frame(kind=KIND))
    end.sendall(b"\x02\x00\x00\x00{}")
    assert [frame.kind for frame in other.receive()] == [KIND]
    assert isinstance(other.damage, Damaged)
    end.sendall(b"more")
    with pytest.raises(Damaged):
        other.receive()


def test_a_file_that_is_named_and_not_there_is_damage(ends, tmp_path: Path) -> None:
    _, one, other = ends
    one.send(Frame(kind=KIND, parts=(bytes(LARGE + 1),)))
    for part in tmp_path.iterdir():
        part.unlink()
    with pytest.raises(Damaged, match="names a file"):
        other.receive()
