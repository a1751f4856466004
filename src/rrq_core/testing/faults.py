"""What goes wrong between this process and a store, on demand: calls that fail, replies that get lost, crashes."""

import inspect
import secrets
import threading
from collections.abc import Callable
from functools import cache, partial
from typing import cast
from weakref import WeakValueDictionary

from attrs import define, evolve

from rrq_core.errors import BackendError, BackendUnavailable, InvalidArgument
from rrq_core.model.ids import QueueId
from rrq_core.plugins import Registry, installed_plugins, open_backend
from rrq_core.ports import (
    Backend,
    BackendFactory,
    Heartbeat,
    Messages,
    ObjectStore,
    Queue,
    Settings,
    Workers,
)
from rrq_core.worker.stop import StoppedNow

_SCHEME = "faults"
_PORTS = (Queue, Workers, Messages, Settings, ObjectStore, Heartbeat)
_FOR_EVER = 1 << 60

CALLS = frozenset(
    f"{port.__name__}.{name}"
    for port in _PORTS
    for name, _ in inspect.getmembers(port, inspect.isfunction)
    if not name.startswith("_")
)
"""The calls that can go wrong, each by its port: `Queue.step`."""


class Crash(StoppedNow):
    """The end of a process in the midst of a call to the store, played: neither tasks nor workers catch it."""


@define(kw_only=True)
class _Fault:
    """Something that goes wrong `times` more times, after it has let `passes` calls pass.

    `error` makes what is raised of the name of the call. `call`: what is called, None for anything; `thread`: by whom,
    None for anybody.
    """

    error: Callable[[str], BaseException]
    executed: bool
    times: int = 1
    passes: int = 0
    call: str | None = None
    thread: int | None = None

    def meets(self, call: str) -> bool:
        """Tell whether a call goes wrong by this, and count it."""
        if not self.times or not self._is_about(call):
            return False
        if self.passes:
            self.passes -= 1
            return False
        self.times -= 1
        return True

    def _is_about(self, call: str) -> bool:
        return self.call in (None, call) and self.thread in (None, threading.get_ident())

    def goes_on(self, call: str) -> "_Fault":
        """Make the one that has all calls of its thread fail as this call did."""
        return evolve(self, error=lambda later: self.error(call), executed=False, times=_FOR_EVER, call=None)


class Faults:
    """Faults in front of a store, for this process. None goes wrong until a test says so.

    >>> from rrq_core import connect, task_list
    >>> faults = Faults()
    >>> with connect("docs", faults.url("memory://faults")) as q:
    ...     faults.unavailable("Queue.tasks")
    ...     task_list()
    Traceback (most recent call last):
    rrq_core.errors.BackendUnavailable: Queue.tasks was to fail: it did not reach the store
    """

    def __init__(self) -> None:
        self._token = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._faults: list[_Fault] = []
        self.calls: list[str] = []
        """The calls that were made, those that went wrong too, each as `Queue.step`."""
        _register(installed_plugins().backends)
        _every[self._token] = self

    def url(self, url: str) -> str:
        """Give the URL that opens a store with these faults in front of it, for as long as this object lives."""
        return f"{_SCHEME}://{self._token}/{url}"

    def unavailable(self, call: str, times: int = 1) -> None:
        """Have the next calls of a kind fail with `BackendUnavailable`; the store does not hear of them.

        Args:
            call: The call, as `Queue.step`.
            times: How many of them.
        Raises:
            InvalidArgument: If there is no such call; the error lists those that exist.
        """
        self._add(_Fault(error=_not_reached, executed=False, call=_known(call), times=_counted(times)))

    def lose_reply(self, call: str, times: int = 1) -> None:
        """Have the store do what the next calls of a kind ask, and lose its answers: they fail all the same.

        Args:
            call: The call, as `Queue.step`.
            times: How many of them.
        Raises:
            InvalidArgument: If there is no such call; the error lists those that exist.
        """
        self._add(_Fault(error=_unanswered, executed=True, call=_known(call), times=_counted(times)))

    def refuse(self, call: str, error: BackendError, times: int = 1) -> None:
        """Have the next calls of a kind fail with an error of yours; the store does not hear of them.

        Args:
            call: The call, as `Queue.step`.
            error: What they raise: BackendFull(...), BackendDenied(...).
            times: How many of them.
        Raises:
            InvalidArgument: If there is no such call, or that is no error of a store.
        """
        if not isinstance(error, BackendError):
            raise InvalidArgument(f"error is what a store answers, a BackendError, not {error!r}")
        self._add(_Fault(error=lambda call: error, executed=False, call=_known(call), times=_counted(times)))

    def crash(self, call: str, executed: bool = False) -> None:
        """Have this thread raise `Crash` at the next call of a kind, and at each call after it, until `clear`.

        Args:
            call: The call, as `Queue.step`.
            executed: Whether the store still does what it asks.
        Raises:
            InvalidArgument: If there is no such call; the error lists those that exist.
        """
        error = partial(_crash, _when(executed))
        self._add(_Fault(error=error, executed=executed, call=_known(call), thread=threading.get_ident()))

    def crash_at(self, number: int, executed: bool = False) -> None:
        """Have this thread raise `Crash` at its call of a number, from 1, and at each call after it, until `clear`.

        Args:
            number: Which call, counted from now.
            executed: Whether the store still does what it asks.
        """
        error = partial(_crash, f"{_when(executed)} call {number},")
        passes = _counted(number) - 1
        self._add(_Fault(error=error, executed=executed, passes=passes, thread=threading.get_ident()))

    def clear(self) -> None:
        """Have nothing go wrong any more."""
        with self._lock:
            self._faults.clear()

    def _add(self, fault: _Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def _meet(self, call: str) -> _Fault | None:
        with self._lock:
            self.calls.append(call)
            fault = next((fault for fault in self._faults if fault.meets(call)), None)
            if fault is not None and fault.thread is not None:
                self._faults = [fault.goes_on(call)]
            return fault

    def _pass(self, call: str, do: Callable[[], object]) -> object:
        fault = self._meet(call)
        if fault is None:
            return do()
        if fault.executed:
            do()
        raise fault.error(call)

    def _in_front_of(self, backend: Backend, url: str) -> Backend:
        return evolve(
            backend,
            # Other processes do not know our scheme: they open the store itself, with nothing in front of it.
            url=backend.url if backend.shared else url,
            queue=cast(Queue, _Front(backend.queue, Queue, self._pass)),
            workers=cast(Workers, _Front(backend.workers, Workers, self._pass)),
            messages=cast(Messages, _Front(backend.messages, Messages, self._pass)),
            settings=cast(Settings, _Front(backend.settings, Settings, self._pass)),
            objects=cast(ObjectStore, _Front(backend.objects, ObjectStore, self._pass)),
            heartbeat=cast(Heartbeat, _Front(backend.heartbeat, Heartbeat, self._pass)),
        )


class _Front:
    """A port, whose calls go past faults."""

    def __init__(self, port: object, kind: type, passing: Callable[[str, Callable[[], object]], object]) -> None:
        self._port = port
        self._kind = kind.__name__
        self._passing = passing

    def __getattr__(self, name: str) -> object:
        member = getattr(self._port, name)
        call = f"{self._kind}.{name}"
        if call not in CALLS:
            return member
        return lambda *args, **kwargs: self._passing(call, partial(member, *args, **kwargs))


def _not_reached(call: str) -> BackendUnavailable:
    return BackendUnavailable(f"{call} was to fail: it did not reach the store")


def _unanswered(call: str) -> BackendUnavailable:
    return BackendUnavailable(f"{call} was done, and its reply was to get lost")


def _crash(when: str, call: str) -> Crash:
    return Crash(f"a crash {when} {call}")


def _when(executed: bool) -> str:
    return "after" if executed else "before"


def _known(call: str) -> str:
    if call not in CALLS:
        raise InvalidArgument(f"there is no call {call!r} to a store; there are: {', '.join(sorted(CALLS))}")
    return call


def _counted(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InvalidArgument(f"calls are counted from 1, so this is no number of them: {number!r}")
    return number


_every: "WeakValueDictionary[str, Faults]" = WeakValueDictionary()


@cache
def _register(backends: Registry[BackendFactory]) -> None:
    backends.register(_SCHEME, _open)


def _open(url: str, queue_id: QueueId) -> Backend:
    token, _, inner = url.removeprefix(f"{_SCHEME}://").partition("/")
    faults = _every.get(token)
    if faults is None:
        raise InvalidArgument(f"{url!r} is the URL of faults that are gone, or of another process: use {inner!r}")
    return faults._in_front_of(open_backend(inner, queue_id), url)
