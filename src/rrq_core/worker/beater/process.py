"""A beater that is another process: one that this process starts, or the one that has started it."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from attrs import field, frozen

from rrq_core.model.ids import QueueId
from rrq_core.model.work import Session
from rrq_core.model.worker import HeartbeatTerms
from rrq_core.worker.beater.beating import Pulse
from rrq_core.worker.beater.link import Beater
from rrq_core.worker.beater.wire import Record, Wire, expect_record, watch_record
from rrq_core.worker.deaf_thread import start_deaf_thread
from rrq_core.worker.outage import growing_pauses
from rrq_core.worker.stack_file import own_stack_file, write_own_stack

_BEATER = (
    "import sys; sys.path[:] = {path!r}; from rrq_core.worker.beater.child import main; main({link}, {pid}, {queue!r})"
)
_LONG_LIFE = 10.0


@frozen(kw_only=True)
class BeaterCommand:
    """What starts a beater, noted before tasks change the surroundings of this process.

    Args:
        url: What opens the store.
        queue_id: The queue.
    """

    url: str
    queue_id: QueueId
    environment: Mapping[str, str] = field(factory=lambda: dict(os.environ), repr=False)
    path: "list[str]" = field(factory=lambda: [os.path.abspath(entry) for entry in sys.path])

    def start(self) -> "tuple[subprocess.Popen[bytes], Wire]":
        """Start a beater for this process, in a session of its own: no key of a terminal reaches it.

        Raises:
            OSError: If it cannot be started.
        """
        ours, theirs = socket.socketpair()
        words = _BEATER.format(path=self.path, link=theirs.fileno(), pid=os.getpid(), queue=self.queue_id)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**self.environment, "RRQ_URL": self.url},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return process, Wire(ours)


class BeaterLine:
    """A line to a beater that is there at all times: if it ends, another is started and told the same.

    Args:
        command: What starts one.
        link: The descriptor of the wire to the beater that there is already; None: one is started.
        hear: What is called with each record that it sends, in a thread of the line's own.
        gives: The descriptor of an open file that each beater gets; None: none.
    Raises:
        OSError: If none can be started.
    """

    def __init__(
        self, command: BeaterCommand, link: int | None, hear: Callable[[Record], None], gives: int | None = None
    ) -> None:
        self._command = command
        self._hear = hear
        self._gives = gives
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._lock = threading.RLock()
        self._is_closed = False
        self._last: Record | None = None
        if link is None:
            self._process, self._wire = command.start()
        else:
            os.set_inheritable(link, False)
            self._wire = Wire(socket.socket(fileno=link))
        start_deaf_thread(self._listen, "rrq-beater-line")

    @property
    def pid(self) -> int | None:
        """The process id of the beater that was started here; None: it was not."""
        return None if self._process is None else self._process.pid

    def tell(self, record: Record) -> None:
        """Send a record, which each beater to come is told too."""
        with self._lock:
            self._last = record
            self._wire.send(record, self._gives)

    def close(self, wait: bool = True) -> None:
        """Let the beater stop: one that was started here is gone when this returns, unless it is not waited for."""
        with self._lock:
            if self._is_closed or os.getpid() != self._owner:
                return
            self._is_closed = True
            self._wire.send({"close": True})
            if self._process is not None:
                self._process.kill()  # it has nothing to put in order
                self._wire.close()
                if wait:
                    self._process.wait()
                else:
                    start_deaf_thread(partial(_reap, self._process), "rrq-beater-end")

    def _listen(self) -> None:
        pauses, began = growing_pauses(), time.monotonic()
        while True:
            try:
                for record in self._wire.receive():
                    self._hear(record)
            except EOFError:
                if time.monotonic() - began > _LONG_LIFE:
                    pauses = growing_pauses()
                time.sleep(next(pauses))
                if not self._begin_again():
                    return
                began = time.monotonic()

    def _begin_again(self) -> bool:
        """Start another beater. False if none is needed any more."""
        with self._lock:
            if self._is_closed:
                return False
            if self._process is not None:
                self._process.wait()
            self._wire.close()
            with suppress(OSError):  # no room for another process, say: it is tried again
                self._process, self._wire = self._command.start()
                if self._last is not None:
                    self._wire.send(self._last, self._gives)
            return True


def _reap(process: "subprocess.Popen[bytes]") -> None:
    process.wait()


def _nothing(number: int) -> None:
    """What a worker does with signals that its beater passes on by the wire, where none does."""


class ProcessBeater(Beater):
    """Beats for the worker of this process.

    Args:
        command: What starts a beater.
        terms: How often it beats; None: it does not, and only reports the end of this process.
        link: The descriptor of the wire to the beater that has started this process; None: one is started.
        relay: What is called with the signals that such a beater was sent for all its workers.
    Raises:
        OSError: If none can be started.
    """

    def __init__(
        self,
        command: BeaterCommand,
        terms: HeartbeatTerms | None,
        link: int | None = None,
        relay: Callable[[int], None] = _nothing,
    ) -> None:
        self._terms = terms
        self._relay = relay
        self._session: Session | None = None
        self._lost: str | None = None
        self._line = BeaterLine(command, link, self._hear, own_stack_file())

    @property
    def pid(self) -> int | None:
        """The process id of the beater that was started here; None: it was not."""
        return self._line.pid

    def expect(self, session: Session) -> None:
        """Tell the beater of a session before anybody else can know of it."""
        self._line.tell(expect_record(session))

    def watch(self, session: Session) -> None:
        """Beat for a session from now on, and for no other."""
        self._session = session
        self._line.tell(watch_record(session, None if self._terms is None else Pulse.of(session, self._terms)))

    def is_lost(self) -> bool:
        """Whether the beater has found the session to be over."""
        return self._session is not None and self._session.token == self._lost

    def close(self) -> None:
        """Stop beating."""
        self._line.close()

    def _hear(self, record: Record) -> None:
        match record:
            case {"lost": str(token)}:
                self._lost = token
            case {"signal": int(number)}:
                self._relay(number)
            case {"stack": True}:
                write_own_stack()
                if self._show_stack is not None:
                    self._show_stack()
