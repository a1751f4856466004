"""The zygote of a worker: a process that has loaded what tasks need, and starts one process a task on request.

It is started by the worker, makes the environment, and forks; it has no connection to the store, and runs no task
itself. It is the parent of every process that its worker's tasks run in, and ends them when they are to end, or when
the worker has.
"""

import gc
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rrq_core.model.ids import QueueId
from rrq_core.worker.creation import Creation, created
from rrq_core.worker.own_modules import OwnModules
from rrq_core.worker.process.child import Birth, live, prepare
from rrq_core.worker.process.exchange import ENDED, STARTED, Errand, Ready, read_run, ready_frame
from rrq_core.worker.process.forking import reason_against_forking
from rrq_core.worker.process.group import Group
from rrq_core.worker.process.kernel import adopt_orphans, signal_at_end_of_parent
from rrq_core.worker.process.rehearsal import rehearse
from rrq_core.worker.process.transport import Damaged, Frame, Line, wait_for
from rrq_core.worker.run import read_ahead
from rrq_core.worker.used_modules import UsedModules

_AT_END_OF_WORKER = signal.SIGHUP
_CHILD = "import sys; sys.path[:] = {path!r}; from rrq_core.worker.process.child import main; main({birth})"


def main(control: int, worker: int, scratch: str, queue_id: str, create: str | None, *, forks: bool) -> NoReturn:
    """Be the zygote of a worker.

    Args:
        control: The descriptor of the socket to it.
        worker: Its process id.
        scratch: Its scratch directory, which is removed when it has ended.
        queue_id: Its queue.
        create: The file that holds the create function of its environment, None where there is none.
        forks: Whether tasks get forks of this process; else they make their environment themselves.
    """
    signal.signal(_AT_END_OF_WORKER, lambda number, frame: _give_up(scratch))
    signal_at_end_of_parent(_AT_END_OF_WORKER)
    if os.getppid() != worker:
        _give_up(scratch)
    adopt_orphans()
    line = Line(socket.socket(fileno=control), Path(scratch), takes_descriptors=True)
    used = UsedModules(OwnModules())
    environment = created(Path(create).read_bytes() if create is not None and forks else None, QueueId(queue_id))
    used.note()
    ready = Ready(against_forking=reason_against_forking(), broken=environment.error)
    line.send(ready_frame(ready))
    Zygote(line, Path(scratch), environment, used, create).serve()
    os._exit(0)


def _give_up(scratch: str) -> NoReturn:
    """End, since the worker has ended before this was ready."""
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(0)


class Zygote:
    """Does what the worker asks for on its line, for one process at a time."""

    def __init__(self, line: Line, scratch: Path, environment: Creation, used: UsedModules, create: str | None) -> None:
        self._line = line
        self._scratch = scratch
        self._environment = environment
        self._used = used
        self._create = create
        self._signals, self._noted = os.pipe()
        self._group: Group | None = None
        self._kill_at: float | None = None

    def serve(self) -> None:
        """Serve until the worker has ended; then end what is left."""
        self._note_signals()
        prepare()
        if self._environment.error is None:
            rehearse(self._environment)
        gc.collect()
        gc.freeze()  # so that collecting garbage in a fork does not copy what it shares with us
        gc.disable()  # nor in its first steps; it enables it before it runs the task
        try:
            while self._turn():
                pass
        except (EOFError, OSError, Damaged):
            pass
        if self._group is not None:
            self._group.kill()
            self._group.clear()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _note_signals(self) -> None:
        os.set_blocking(self._noted, False)
        signal.set_wakeup_fd(self._noted, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, _AT_END_OF_WORKER):
            signal.signal(number, _heard)

    def _turn(self) -> bool:
        """Wait for what comes next and see to it. False when the worker has ended."""
        timeout = None if self._kill_at is None else max(0.0, self._kill_at - time.monotonic())
        ready = wait_for([self._line.fileno(), self._signals], timeout)
        if self._signals in ready and _AT_END_OF_WORKER in os.read(self._signals, 4096):
            return False
        if self._line.fileno() in ready:
            for frame in self._line.receive():
                self._heed(frame)
        if self._group is not None:
            self._look_after(self._group)
        return True

    def _heed(self, frame: Frame) -> None:
        match frame.kind, frame.record:
            case "start", {"is_fresh": bool(is_fresh), "env": dict(env), "run": dict() | None as run}:
                errand = None if run is None else read_run(run, frame.parts)
                self._start(frame.descriptors, is_fresh, env, errand)
            case "stop", {"signal": int(number), "grace": int() | float() as grace} if self._group is not None:
                self._group.signal(number)
                self._kill_at = time.monotonic() + grace
            case "show", _ if self._group is not None:
                self._group.signal_leader(signal.SIGUSR1)

    def _start(self, descriptors: Sequence[int], is_fresh: bool, env: Mapping[str, str], errand: Errand | None) -> None:
        task, output = descriptors
        end = socket.socket(fileno=task)
        try:
            if is_fresh:
                pid = self._exec(task, output, env)
            else:
                line = Line(end, self._scratch)
                parent, environment = os.getpid(), self._environment
                birth = Birth(
                    line=line,
                    output=output,
                    parent=parent,
                    scratch=self._scratch,
                    errand=errand,
                    environment=environment,
                    used=self._used,
                )
                pid = self._fork(birth, env)
        except OSError as error:
            self._line.send(Frame(kind=STARTED, record={"pid": None, "problem": str(error)}))
            return
        finally:
            end.close()
            os.close(output)
        self._group, self._kill_at = Group(pid), None
        self._line.send(Frame(kind=STARTED, record={"pid": pid, "problem": ""}))

    def _fork(self, birth: Birth, env: Mapping[str, str]) -> int:
        sys.stdout.flush()
        if birth.errand is not None:
            read_ahead(birth.errand.work, birth.errand.queue_id)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for descriptor in (self._signals, self._noted):
                os.close(descriptor)
            self._line.close()
            for name, value in env.items():
                os.environ[name] = value
            live(birth)
        return pid

    def _exec(self, task: int, output: int, env: Mapping[str, str]) -> int:
        """Start a process of a task in a fresh interpreter."""
        for descriptor in (task, output):
            os.set_inheritable(descriptor, True)
        told = f"{task}, {output}, {os.getpid()}, {str(self._scratch)!r}, {self._create!r}"
        command = [sys.executable, "-c", _CHILD.format(path=sys.path, birth=told)]
        return os.posix_spawn(sys.executable, command, {**os.environ, **env})

    def _look_after(self, group: Group) -> None:
        if group.has_ended():
            code = group.clear()
            self._group, self._kill_at = None, None
            self._line.send(Frame(kind=ENDED, record={"code": code}))
        elif self._kill_at is not None and time.monotonic() >= self._kill_at:
            group.kill()
            self._kill_at = None


def _heard(number: int, frame: FrameType | None) -> None:
    """Do nothing: the number has gone to the pipe. A function, as ignored signals would be ignored by children too."""
