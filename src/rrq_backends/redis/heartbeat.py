"""The port Heartbeat on Redis."""

import math
import secrets
from collections import deque
from collections.abc import Sequence

from rrq_backends.redis.connection import Argument, Connections
from rrq_backends.redis.replies import items, number, text
from rrq_backends.redis.scripts import QueueScripts
from rrq_core.model.worker import Beat
from rrq_core.ports import Heartbeat

KEPT = 600  # seconds for a signal that nobody fetches
MOST_REMEMBERED = 100


class RedisHeartbeat(Heartbeat):
    """Heartbeat keys, in Redis or Valkey. Beats with a session are those of workers of one queue id.

    Args:
        connections: For all but beats.
        impatient: For beats: connections that try a call once.
        scripts: The scripts, run on these.
    """

    def __init__(self, connections: Connections, impatient: Connections, scripts: QueueScripts) -> None:
        self._connections = connections
        self._impatient = impatient
        self._scripts = scripts
        self._fetched: deque[str] = deque(maxlen=MOST_REMEMBERED)

    def beat(self, beats: Sequence[Beat]) -> list[bool]:
        fenced = self._beat_workers([beat for beat in beats if beat.session is not None])
        self._impatient.pipeline([_plain(beat) for beat in beats if beat.session is None])
        return [fenced.pop(0) if beat.session is not None else True for beat in beats]

    def _beat_workers(self, beats: Sequence[Beat]) -> list[bool]:
        wanted: list[Argument] = []
        for beat in beats:
            if beat.session is not None:
                wanted += (beat.session.worker, beat.session.token, _milliseconds(beat.expire), beat.value)
        if not wanted:
            return []
        return [number(one) == 1 for one in items(self._scripts.run("beat", *wanted))]

    def remaining(self, keys: Sequence[str]) -> list[float | None]:
        left = [number(reply) for reply in self._connections.pipeline([("PTTL", key) for key in keys])]
        return [None if milliseconds == -2 else _seconds(milliseconds) for milliseconds in left]

    def signal(self, key: str, signal: int) -> None:
        entry, kept = f"{signal} {secrets.token_hex(8)}", f"{key}:kill"
        self._connections.pipeline([("RPUSH", kept, entry), ("EXPIRE", kept, KEPT)])

    def signals(self, keys: Sequence[str], timeout: float) -> list[tuple[str, int]]:
        lists = [f"{key}:kill" for key in keys]
        (reply,) = self._connections.blocking([("BLPOP", *lists, f"{max(timeout, 0.001):.3f}")], timeout)
        if reply is None:
            return []
        source, entry = (text(part) for part in items(reply))
        if entry in self._fetched:  # its reply was lost, and it was left a second time
            return []
        signal, _, mark = entry.partition(" ")
        if mark:
            self._fetched.append(entry)
        return [(source.removesuffix(":kill"), int(signal))]


def _milliseconds(seconds: float) -> int:
    return math.ceil(seconds * 1000)


def _seconds(milliseconds: int) -> float:
    return math.inf if milliseconds == -1 else milliseconds / 1000


def _plain(beat: Beat) -> tuple[Argument, ...]:
    if beat.expire <= 0:
        return ("UNLINK", beat.key)
    return ("SET", beat.key, beat.value, "PX", _milliseconds(beat.expire))
