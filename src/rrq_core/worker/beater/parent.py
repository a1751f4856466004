"""The parent of several workers: it starts them, beats for them, passes signals on, and reports those that die at once.

As process 1 of a container it is also the parent of orphans, and buries them.
"""

import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from attrs import frozen

from rrq_core.ports import Backend
from rrq_core.worker.beater.hub import Hub
from rrq_core.worker.beater.ward import Started
from rrq_core.worker.late_signals import ignore_when_ending

_STOP = {signal.SIGTERM: signal.SIGTERM, signal.SIGINT: signal.SIGINT, signal.SIGHUP: signal.SIGTERM}
_STOPS_TO_KILL = 3


@frozen(kw_only=True)
class WorkerCommand:
    """What starts a worker.

    Args:
        words: Gives the words of it, for a descriptor of the wire.
        output: The file that takes what it prints; None: where its parent prints.
    """

    words: Callable[[int], Sequence[str]]
    output: Path | None


def run_workers(backend: Backend, commands: Sequence[WorkerCommand]) -> int:
    """Start workers, and look after them until all have ended. If one fails before it comes up, none stays.

    SIGTERM and SIGINT go to all of them, as does the first SIGHUP; at the third they are killed.

    Returns:
        The worst of their exit statuses; 128 and the number of a signal for one that was killed by it.
    Raises:
        OSError: If one cannot be started. Those that were are asked to stop.
    """
    parent = Parent(backend)
    try:
        parent.start(commands)
    except OSError:
        parent.stop(signal.SIGTERM)
        parent.await_end()
        raise
    return parent.await_end()


class Parent:
    """The parent of some workers. It takes the signals of this process from now on.

    Args:
        backend: Their queue.
    """

    def __init__(self, backend: Backend) -> None:
        self._url = backend.url
        self._hub = Hub(backend)
        self._started: list[Started] = []
        self._running = 0
        self._stops = 0
        self._held: deque[int] = deque()
        self._is_starting = True
        self._worst = 0
        woken = _wake_by_signals()
        self._hub.listen(woken, lambda: _empty(woken))
        signal.signal(signal.SIGCHLD, _hear_of_a_child)
        watched = [number for number in _STOP if signal.getsignal(number) is not signal.SIG_IGN]  # as under `nohup`
        ignore_when_ending(watched)
        for number in watched:
            signal.signal(number, self._handle)

    def start(self, commands: Sequence[WorkerCommand]) -> None:
        """Start workers, unless this process is asked to stop meanwhile.

        Raises:
            OSError: If one cannot be started.
        """
        try:
            for command in commands:
                if self._held:
                    break
                worker = Started(command.words, {**os.environ, "RRQ_URL": self._url}, command.output)
                self._started.append(worker)
                self._running += 1
                self._hub.take(worker)
        finally:
            self._is_starting = False
            while self._held:
                self.stop(self._held.popleft())

    def await_end(self) -> int:
        """Look after them until all have ended; give the worst of their exit statuses."""
        while self._running:
            for end in self._hub.turn():
                self._running -= 1
                self._worst = max(self._worst, end.status)
                self._give_up_if_one_never_came_up()
            if os.getpid() == 1:
                _bury_orphans({worker.pid for worker in self._started})
        self._hub.finish()
        return self._worst

    def stop(self, number: int) -> None:
        """Pass on a signal by which workers are asked to stop, once and twice; then kill them.

        It goes by the wire: a worker tells it from its own, and one that has not yet come up misses none.
        """
        self._stops += 1
        for worker in tuple(self._started):
            if self._stops < _STOPS_TO_KILL:
                worker.wire.send({"signal": number})
            else:
                worker.signal(signal.SIGKILL)

    def _give_up_if_one_never_came_up(self) -> None:
        """Ask the others to leave too: who asked for so many is told by the exit status, and not left with fewer."""
        for worker in self._started:
            end = worker.end() if worker.session is None else None
            if end is not None and end.status and self._running and not self._stops:
                sys.stderr.write(f"rrq-worker: a worker failed before it came up ({end.reason}); the others leave\n")
                self.stop(signal.SIGTERM)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP and (self._stops or self._held):  # a terminal that is closed sends several
            return
        passed_on = _STOP[signal.Signals(number)]
        if self._is_starting:  # one that is just being started would miss it
            self._held.append(passed_on)
        else:
            self.stop(passed_on)


def _wake_by_signals() -> int:
    """Have each signal make a descriptor readable, so that none is missed just before a wait."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
    return ours.detach()


def _hear_of_a_child(number: int, frame: FrameType | None) -> None:
    """Be woken: who has ended is looked for anyway."""


def _empty(descriptor: int) -> None:
    with suppress(BlockingIOError):
        os.read(descriptor, 4096)


def _bury_orphans(own: set[int]) -> None:
    """Take note of the end of processes that others have left to this one."""
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid in own:
                return
            os.waitpid(ended.si_pid, 0)
