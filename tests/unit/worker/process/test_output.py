"""What is kept of what a task printed."""

import os
from pathlib import Path

from rrq_core.worker.process.output import TAIL, Output


def printed(path: Path, text: bytes) -> bytes:
    output = Output(path)
    os.write(output.descriptor, text)
    tail = output.tail()
    output.close()
    return tail


def test_little_is_kept_whole(tmp_path: Path) -> None:
    assert printed(tmp_path / "new" / "task", b"any \xff bytes") == b"any \xff bytes"
    assert printed(tmp_path / "silent", b"") == b""


def test_much_is_cut_to_its_end_and_the_first_line_says_so(tmp_path: Path) -> None:
    tail = printed(tmp_path / "task", b"x" * 1_000_000 + b"the end")
    first, _, rest = tail.partition(b"\n")
    assert len(tail) == TAIL
    assert (first[:1], first[-8:]) == (b"[", b"omitted]")
    assert rest.endswith(b"xthe end")


def test_a_second_attempt_adds_to_the_file_and_keeps_its_own_tail(tmp_path: Path) -> None:
    printed(tmp_path / "task", b"first\n")
    assert printed(tmp_path / "task", b"second\n") == b"second\n"
    assert (tmp_path / "task").read_bytes() == b"first\nsecond\n"
