"""`memory://NAME`: the Redis adapter on a server that lives in this process and ends with it.

Whoever opens the same name in this process meets on the same server; a name that nobody used is an empty one.
"""

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import fakeredis._helpers
import fakeredis._socket._base
import fakeredis.commands_mixins.server_mixin
from attrs import field, frozen
from fakeredis import FakeRedisConnection, FakeServer
from fakeredis.commands_mixins import scripting_mixin
from redis.backoff import NoBackoff
from redis.retry import Retry

from rrq_backends.redis.backend import build_backend
from rrq_core.errors import BackendUnavailable, InvalidArgument
from rrq_core.model.ids import QueueId
from rrq_core.ports import Backend
from rrq_core.ports.clock import process_clock

_SCHEME = "memory://"
_REDIS_VERSION = (7, 0)

CLOCKED = (fakeredis._helpers, fakeredis._socket._base, fakeredis.commands_mixins.server_mixin)
"""The modules of the imitation that read the time: that of keys which lapse, of TIME, and of blocking commands."""

# They call `time.time()` and nothing else of that module: to them the clock of this process is it.
for _module in CLOCKED:
    _module.time = process_clock  # type: ignore[attr-defined]


_LUA: Any = scripting_mixin.LUA_MODULE  # has no types


class _LuaRuntime(_LUA.LuaRuntime):  # type: ignore[misc]
    """Compiles a script once, as a server does; to the imitation, compiling at each call was most of the work."""

    def __init__(self, **options: object) -> None:  # the base has seen to them when this was created
        self._compiled: dict[bytes | str, Callable[[], object]] = {}

    def execute(self, script: bytes | str) -> object:
        """Run a script."""
        compiled = self._compiled.get(script) or self._compiled.setdefault(script, self.compile(script))
        return compiled()


scripting_mixin.LUA_MODULE = SimpleNamespace(**{**vars(_LUA), "LuaRuntime": _LuaRuntime})  # type: ignore[assignment]


@frozen(kw_only=True)
class _MemoryServer:
    """A server in the memory of one process."""

    name: str
    server: FakeServer = field(factory=lambda: FakeServer(version=_REDIS_VERSION, server_type="redis"))
    pid: int = field(factory=os.getpid)

    def refuse_forked(self) -> None:
        """Raise an error in a process that was forked from the one whose memory this is."""
        if os.getpid() != self.pid:
            raise BackendUnavailable(
                f"{_SCHEME}{self.name} lives in the memory of process {self.pid}; this process, {os.getpid()}, was "
                "forked from it and cannot reach it. To share a queue between processes use embedded:// or redis://"
            )

    def connect(self, socket_timeout: float) -> FakeRedisConnection:
        """Make a connection, not yet connected."""
        self.refuse_forked()
        return FakeRedisConnection(
            server=self.server,
            socket_timeout=socket_timeout,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )


# A plain dict, and no lock that a fork could copy in its locked state: setdefault is atomic.
_SERVERS: dict[str, _MemoryServer] = {}


def open_memory(url: str, queue_id: QueueId) -> Backend:
    """Open a queue in the memory of this process.

    Raises:
        InvalidArgument: If the URL has options: there are none.
        BackendUnavailable: If this process was forked from the one that holds the queue.
    """
    name = _name_in(url)
    server = _SERVERS.setdefault(name, _MemoryServer(name=name))
    server.refuse_forked()
    return build_backend(server.connect, url, queue_id, shared=False, durable=False)


def _name_in(url: str) -> str:
    name = url.removeprefix(_SCHEME)
    if "?" in name:
        raise InvalidArgument(f"memory:// has no options, so a name has no question mark: {url!r}")
    return name
