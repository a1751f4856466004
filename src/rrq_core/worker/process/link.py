"""The worker's side of its zygote: it is started here, and told what to do."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from rrq_core.model.ids import QueueId
from rrq_core.worker.process.exchange import READY, SHOW, STARTED, STOP, Ready, read_ready
from rrq_core.worker.process.transport import Damaged, Frame, Line

_ZYGOTE = "import sys; sys.path[:] = {path!r}; from rrq_core.worker.process.zygote import main; main({told})"
_LONGEST_START = 60.0  # seconds
_LONGEST_CREATION = 600.0  # seconds, if it makes an environment
_LONGEST_END = 2.0


class ZygoteGone(OSError):
    """The zygote has ended, or does not answer, though its worker still needs it."""


@frozen(kw_only=True)
class Surroundings:
    """What a worker was started with, so that what its own tasks change later does not come to its other processes."""

    directory: str
    environment: Mapping[str, str]
    path: Sequence[str]

    @classmethod
    def here(cls) -> "Surroundings":
        """Note what surrounds this process now."""
        directory = _working_directory()
        path = [os.path.join(directory, entry) for entry in sys.path]  # "" is the working directory
        return cls(directory=directory, environment=dict(os.environ), path=path)


@frozen(kw_only=True)
class Plan:
    """What a zygote is to be.

    Args:
        scratch: The worker's scratch directory.
        queue_id: The worker's queue.
        create: The file that holds the create function of the environment, None where there is none.
        forks: Whether it makes the environment and forks; else it starts fresh interpreters, which make it themselves.
    """

    scratch: Path
    queue_id: QueueId
    create: Path | None
    forks: bool


class ZygoteLink:
    """A running zygote.

    Args:
        surroundings: What it is started in.
        plan: What it is to be.
    Attributes:
        ready: What it says of itself.
    Raises:
        ZygoteGone: If it does not come up.
        OSError: If it cannot be started.
    """

    def __init__(self, surroundings: Surroundings, plan: Plan) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _started(surroundings, plan, theirs)
        self._line = Line(ours, plan.scratch)
        self._early: Sequence[Frame] = ()
        try:
            self.ready = self._ready(_LONGEST_START if plan.create is None else _LONGEST_CREATION)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Give the descriptor that is readable when the zygote has something to tell."""
        return self._line.fileno()

    @property
    def pid(self) -> int:
        """The process id of the zygote."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the zygote has not ended."""
        return self._process.poll() is None

    def start(self, start: Frame) -> int:
        """Have a process started for a task.

        Args:
            start: With what; see `start_frame`.
        Returns:
            Its process id.
        Raises:
            ZygoteGone: If there is no zygote any more.
            OSError: If no process can be started.
        """
        self._send(start)
        match self._await(STARTED, _LONGEST_START):
            case {"pid": int(pid)}:
                return pid
            case {"problem": problem}:
                raise OSError(f"no process could be started for it: {problem}")
        raise ZygoteGone("the process that starts processes for this worker's tasks does not say what it did")

    def stop(self, number: int, grace: float) -> None:
        """Have the running process end: by a signal to its group, and by SIGKILL after some seconds.

        Raises:
            ZygoteGone: If there is no zygote any more.
        """
        self._send(Frame(kind=STOP, record={"signal": number, "grace": grace}))

    def show_stack(self) -> None:
        """Have the running process write its stack; see `ChildStack`.

        Raises:
            ZygoteGone: If there is no zygote any more.
        """
        self._send(Frame(kind=SHOW))

    def ended(self) -> int | None:
        """Read what the zygote tells: how the running process has ended; None if it has not.

        It is called when there is something to read, and then does not wait.

        Raises:
            ZygoteGone: If there is no zygote any more.
        """
        return _end_in(self._receive())

    def ended_early(self) -> int | None:
        """Give how the running process has ended, if that was told in one go with its start; else None."""
        early, self._early = self._early, ()
        return _end_in(early)

    def close(self) -> None:
        """End the zygote, and with it whatever it has started."""
        self._line.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LONGEST_END)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _ready(self, timeout: float) -> Ready:
        try:
            return read_ready(self._await(READY, timeout))
        except Damaged as damaged:
            raise ZygoteGone(str(damaged)) from damaged

    def _await(self, kind: str, timeout: float) -> Mapping[str, object]:
        until = time.monotonic() + timeout
        while True:
            frames = self._receive(until)
            for number, frame in enumerate(frames):
                if frame.kind == kind:
                    self._early = frames[number + 1 :]
                    return frame.record

    def _send(self, frame: Frame) -> None:
        try:
            self._line.send(frame)
        except OSError as error:
            raise ZygoteGone(self._how_it_ended()) from error

    def _receive(self, until: float | None = None) -> Sequence[Frame]:
        try:
            self._line.wait(None if until is None else max(0.0, until - time.monotonic()))
            return self._line.receive()
        except (EOFError, OSError, Damaged) as error:
            raise ZygoteGone(self._how_it_ended()) from error

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            return "the process that starts processes for this worker's tasks does not answer"
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return f"the process that starts processes for this worker's tasks has ended ({how})"


def _started(surroundings: Surroundings, plan: Plan, end: socket.socket) -> "subprocess.Popen[bytes]":
    create = None if plan.create is None else str(plan.create)
    places = f"{str(plan.scratch)!r}, {str(plan.queue_id)!r}, {create!r}"
    told = f"{end.fileno()}, {os.getpid()}, {places}, forks={plan.forks}"
    return subprocess.Popen(
        [sys.executable, "-c", _ZYGOTE.format(path=list(surroundings.path), told=told)],
        stdin=subprocess.DEVNULL,
        cwd=surroundings.directory,
        env=surroundings.environment,
        pass_fds=[end.fileno()],
        start_new_session=True,  # a Ctrl-C in the worker's terminal is for the worker
    )


def _end_in(frames: Sequence[Frame]) -> int | None:
    for frame in frames:
        match frame.kind, frame.record:
            case "ended", {"code": int(code)}:
                return code
    return None


def _working_directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was deleted
        return os.sep
