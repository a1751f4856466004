"""Proof of life by a key, for any process; and signals to a process by its heartbeat."""

import itertools
import math
import signal as signals
import threading
from types import TracebackType
from typing import Self

from rrq_core.client.environment import url_or_default
from rrq_core.client.seconds import checked_period, checked_seconds
from rrq_core.errors import ForeignKey, HeartbeatNotFound, HeartbeatTimeout, InvalidArgument
from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.worker.beater.beating import LAPSES_AFTER, Pulse
from rrq_core.worker.beater.process import BeaterCommand, BeaterLine
from rrq_core.worker.beater.thread import BeatingThread, new_name
from rrq_core.worker.beater.wire import Record, watch_record

_NO_QUEUE = QueueId("heartbeat")


class Heartbeat:
    """A key that proves that this process lives, for whoever looks at it.

    Another process renews it, so that code which holds the interpreter's lock does not look dead; for memory:// it is a
    thread. It stops when this process ends, by whatever: then, as after `stop`, the key lapses, `expire` seconds after
    it was last renewed. Signals that `heartbeat_kill` leaves for the key are sent to this process.

    Args:
        key: The key, as it is in the store; beside it, `<key>:kill` takes signals.
        period: Seconds between two renewals.
        expire: Seconds after which the key lapses if it is not renewed, at least twice the period; None: three times.
        value: What the key holds, as text; None: `expire`.
        url: Where; None: $RRQ_URL, $REDIS_URL or this user's own server.
        start: Whether to start at once.
        timeout: Seconds to wait at each start until the key is there.
    Raises:
        InvalidArgument: If one of these cannot be. Nothing was written.
        ForeignKey: If the key holds something that never lapses, so that it is another's. Nothing was written.
        HeartbeatTimeout: If the key is not there in time. The heartbeat was stopped.
        BackendError: If the store cannot be reached, or refuses us.

    >>> import rrq_core as rrq
    >>> with rrq.Heartbeat("lab:alive", 5, url="memory://heartbeat") as heartbeat:
    ...     heartbeat.is_running()
    True
    >>> heartbeat.is_running()
    False

    R: rrq_heartbeat
    """

    def __init__(
        self,
        key: str,
        period: float,
        expire: float | None = None,
        value: object = None,
        url: str | None = None,
        start: bool = True,
        timeout: float = 10,
    ) -> None:
        self._pulse = _pulse(key, period, expire, value)
        self._url = url_or_default(url)
        self._timeout = checked_seconds(timeout, "timeout")
        self._beats: _Beats | None = None
        if start:
            self.start()

    def __repr__(self) -> str:
        """Show the key, and whether it is renewed."""
        state = "running" if self.is_running() else "not running"
        return f"<Heartbeat {self._pulse.key!r} each {self._pulse.period:g} s, {state}>"

    def __enter__(self) -> Self:
        if not self.is_running():
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def is_running(self) -> bool:
        """Tell whether it was started and has not been stopped, by `stop` or by the signal 0.

        R: rrq_heartbeat$is_running
        """
        return self._beats is not None and not self._beats.is_over.is_set()

    def start(self) -> None:
        """Start it, and wait until the key is there.

        Raises:
            InvalidArgument: If it is running.
            ForeignKey: If the key holds something that never lapses, so that it is another's.
            HeartbeatTimeout: If the key is not there in time. The heartbeat was stopped.
            BackendError: If the store cannot be reached, or refuses us.

        R: rrq_heartbeat$start
        """
        if self.is_running():
            raise InvalidArgument(f"the heartbeat of {self._pulse.key!r} is running: stop() it first")
        backend = open_backend(self._url, _NO_QUEUE)
        try:
            _check_not_foreign(backend, self._pulse.key)
            _drop_old_signals(backend, self._pulse.key)
            beats = _ProcessBeats(backend, self._pulse) if backend.shared else _ThreadBeats(backend, self._pulse)
        finally:
            backend.close()
        if not beats.is_there.wait(self._timeout):
            beats.stop(wait=True)
            raise HeartbeatTimeout(self._pulse.key, self._timeout, beats.trouble)
        self._beats = beats

    def stop(self, wait: bool = True) -> None:
        """Stop it. The key lapses by itself. One that is not running is left alone.

        Args:
            wait: Whether to wait until the process that beats has ended.

        R: rrq_heartbeat$stop
        """
        if self._beats is not None:
            self._beats.stop(wait)
            self._beats = None


def heartbeat_kill(key: str, signal: int = signals.SIGTERM, url: str | None = None) -> None:
    """Send a signal to the process whose heartbeat this is, on whatever machine.

    Args:
        key: The key of the heartbeat.
        signal: The number of a signal; 0: the heartbeat stops, and the process hears nothing.
        url: Where; None: $RRQ_URL, $REDIS_URL or this user's own server.
    Raises:
        InvalidArgument: If there is no such signal, or the heartbeat is that of a thread, which takes none.
        HeartbeatNotFound: If nothing beats under this key.
        BackendError: If the store cannot be reached, or refuses us.

    R: rrq_heartbeat_kill
    """
    _check_key(key)
    if signal != 0 and signal not in signals.valid_signals():
        raise InvalidArgument(f"signal is the number of a signal on this system, or 0, not {signal!r}")
    backend = open_backend(url_or_default(url), _NO_QUEUE)
    try:
        if not backend.shared:
            raise InvalidArgument(
                f"heartbeats of {backend.url} are those of threads, which no signal is for: stop() it"
            )
        if backend.heartbeat.remaining([key]) == [None]:
            raise HeartbeatNotFound(key)
        backend.heartbeat.signal(key, int(signal))
    finally:
        backend.close()


class _Beats:
    """What beats, from its start to its end."""

    def __init__(self) -> None:
        self.is_there = threading.Event()
        self.is_over = threading.Event()
        self.trouble = ""

    def stop(self, wait: bool) -> None:
        self.is_over.set()


class _ProcessBeats(_Beats):
    """Another process."""

    def __init__(self, backend: Backend, pulse: Pulse) -> None:
        super().__init__()
        self._line = BeaterLine(BeaterCommand(url=backend.url, queue_id=_NO_QUEUE), None, self._hear)
        self._line.tell(watch_record(None, pulse))

    def stop(self, wait: bool) -> None:
        super().stop(wait)
        self._line.close(wait)

    def _hear(self, record: Record) -> None:
        match record:
            case {"beats": _}:
                self.is_there.set()
            case {"stopped": _}:
                self.stop(wait=True)
            case {"trouble": str(trouble)}:
                self.trouble = trouble


class _ThreadBeats(_Beats):
    """A thread of this process."""

    def __init__(self, backend: Backend, pulse: Pulse) -> None:
        super().__init__()
        self._place = backend.url, _NO_QUEUE, new_name()
        BeatingThread.add(*self._place, pulse)
        if backend.heartbeat.remaining([pulse.key]) != [None]:
            self.is_there.set()

    def stop(self, wait: bool) -> None:
        super().stop(wait)
        BeatingThread.drop(*self._place)


def _pulse(key: str, period: float, expire: float | None, value: object) -> Pulse:
    _check_key(key)
    every = checked_period(period, "period")
    after = LAPSES_AFTER * every if expire is None else checked_period(expire, "expire")
    if after < 2 * every:
        raise InvalidArgument(
            f"expire is at least twice the period, so that one late renewal is not taken for a death: "
            f"expire={expire!r}, period={period!r}"
        )
    return Pulse(key=key, period=every, expire=after, value=f"{after:g}" if value is None else str(value))


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not key:
        raise InvalidArgument(f"the key of a heartbeat is a string that is not empty, not {key!r}")


def _check_not_foreign(backend: Backend, key: str) -> None:
    if backend.heartbeat.remaining([key]) == [math.inf]:
        raise ForeignKey(
            f"the key {key!r} holds something that never lapses, and so is no heartbeat's: choose another key"
        )


def _drop_old_signals(backend: Backend, key: str) -> None:
    """Drop signals that were for a predecessor."""
    for _ in itertools.takewhile(bool, (backend.heartbeat.signals([key], 0) for _ in itertools.count())):
        pass
