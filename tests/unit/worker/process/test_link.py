"""What a zygote tells, however it is cut on its way to the worker."""

import os
import socket
from pathlib import Path

import pytest

from rrq_core.model.ids import QueueId
from rrq_core.worker.process import link
from rrq_core.worker.process.exchange import ENDED, STARTED, Ready, ready_frame, start_frame
from rrq_core.worker.process.link import Plan, Surroundings, ZygoteLink
from rrq_core.worker.process.transport import Frame, packed


class Zygote:
    """In place of a process: is ready, and has told already how the first that it is asked for began and ended."""

    def __init__(self, command: object, *, pass_fds: list[int], **options: object) -> None:
        self._line = socket.socket(fileno=os.dup(pass_fds[0]))
        self._line.sendall(packed(ready_frame(Ready(against_forking=None, broken=None))))

    def tell_start_and_end(self) -> None:
        started = packed(Frame(kind=STARTED, record={"pid": 7, "problem": ""}))
        self._line.sendall(started + packed(Frame(kind=ENDED, record={"code": 3})))

    def wait(self, timeout: float) -> int:
        self._line.close()
        return 0

    def poll(self) -> int:
        return 0


def test_a_process_that_ends_at_once_has_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    zygotes: list[Zygote] = []
    monkeypatch.setattr(
        link.subprocess, "Popen", lambda *args, **options: zygotes.append(Zygote(*args, **options)) or zygotes[0]
    )
    zygote = ZygoteLink(Surroundings.here(), Plan(scratch=tmp_path, queue_id=QueueId("lab"), create=None, forks=True))
    assert zygote.ended_early() is None
    zygotes[0].tell_start_and_end()
    assert zygote.start(start_frame({}, (), is_fresh=False)) == 7
    assert zygote.ended_early() == 3
    assert zygote.ended_early() is None
    zygote.close()
