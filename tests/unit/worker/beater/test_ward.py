"""How processes have ended, as their beater tells it."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rrq_core.testing.waiting import wait_until
from rrq_core.worker.beater import ward
from rrq_core.worker.beater.oom import OutOfMemory
from rrq_core.worker.beater.ward import End, Started, Starter
from rrq_core.worker.beater.wire import Wire


@pytest.fixture
def start() -> Iterator[Callable[[str], Started]]:
    """Starts shells."""
    every: list[Started] = []

    def start(script: str) -> Started:
        every.append(Started(lambda link: ["sh", "-c", script], dict(os.environ), None))
        return every[-1]

    yield start
    for one in every:
        one.wire.close()


@pytest.fixture
def kernel(tmp_path: Path) -> Callable[[int], OutOfMemory]:
    """A system that has killed so many processes of a control group."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cgroup").write_text("0::/lab\n")
    (tmp_path / "lab").mkdir()

    def kills(n: int) -> OutOfMemory:
        (tmp_path / "lab" / "memory.events").write_text(f"oom_kill {n}\n")
        return OutOfMemory(7, tmp_path, tmp_path)

    return kills


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ("exit 0", End(reason="its process ended with exit status 0")),
        ("exit 5", End(reason="its process ended with exit status 5", status=5)),
        ("kill -TERM $$", End(reason="killed by SIGTERM", status=128 + signal.SIGTERM)),
        ("kill -KILL $$", End(reason="killed by SIGKILL", status=128 + signal.SIGKILL)),
    ],
)
def test_the_end_of_one_that_was_started_here_is_told_by_its_status(
    start: Callable[[str], Started], script: str, end: End
) -> None:
    assert wait_until(start(script).end, "it has ended") == end


@pytest.mark.parametrize(
    ("number", "reason"),
    [(signal.SIGKILL, "killed by SIGKILL (out of memory)"), (signal.SIGTERM, "killed by SIGTERM")],
)
def test_a_kill_for_want_of_memory_is_told_where_the_kernel_tells(
    start: Callable[[str], Started], kernel: Callable[[int], OutOfMemory], number: int, reason: str
) -> None:
    one = start("exec sleep 1000")
    one.memory = kernel(0)
    kernel(1)
    one.signal(number)
    end = wait_until(one.end, "it has ended")
    assert end.reason == reason


@pytest.fixture
def wire() -> Iterator[tuple[Wire, Wire]]:
    ours, theirs = (Wire(end) for end in socket.socketpair())
    yield ours, theirs
    ours.close()
    theirs.close()


def test_who_has_cut_the_wire_and_lives_is_let_go_without_a_report(
    wire: tuple[Wire, Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ward, "_LONGEST_DYING", 0.0)
    starter = Starter(wire[0], os.getppid())
    assert starter.end() is None
    starter.hang_up()
    assert wait_until(starter.end, "it is let go") == End(reason=None)


def test_who_is_not_the_starter_any_more_has_ended(wire: tuple[Wire, Wire]) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert Starter(wire[0], process.pid).end() == End(reason="its process has ended")
