"""What a worker and its beater tell each other: records of JSON, a line each, over a pair of sockets.

From the worker: `watch`, a pulse to beat, or None where there is no heartbeat, and the session whose end is to be
told, and with it, where there is one, the file that the worker writes its stack to; `close`, stop beating. From the
beater: `lost`, the token of a session that is over; `beats`, the key that was renewed for the first time; `signal`, the
number of one that was sent to a parent for all of its workers; `stack`, write it.
"""

import json
import os
import socket
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress

import attrs

from rrq_core.model.ids import WorkerId
from rrq_core.model.work import Session
from rrq_core.worker.beater.beating import Pulse

Record = Mapping[str, object]

_PORTION = 65536
_MOST_DESCRIPTORS = 4


class Wire:
    """One end of the pair."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._read = b""
        self._descriptors: list[int] = []

    def fileno(self) -> int:
        """Give the descriptor, which is readable when there is something to receive."""
        return self._end.fileno()

    def send(self, record: Record, descriptor: int | None = None) -> None:
        """Send a record, in one piece: signal handlers send too. One that the other end cannot take is dropped.

        Args:
            record: The record.
            descriptor: An open file that goes along.
        """
        along = [] if descriptor is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [descriptor]))]
        with suppress(OSError):
            self._end.sendmsg([json.dumps(record).encode() + b"\n"], along, socket.MSG_DONTWAIT)

    def receive(self) -> Sequence[Record]:
        """Wait for what the other end has sent.

        Raises:
            EOFError: If the other end is gone.
        """
        try:
            portion, descriptors, _, _ = socket.recv_fds(self._end, _PORTION, _MOST_DESCRIPTORS)
            self._descriptors += descriptors
        except OSError:
            portion = b""
        if not portion:
            raise EOFError
        *lines, self._read = (self._read + portion).split(b"\n")
        return [json.loads(line) for line in lines]

    def take_descriptor(self) -> int | None:
        """Give an open file that has come and was not taken, None if there is none; who takes it closes it."""
        if not self._descriptors:
            return None
        descriptor = self._descriptors.pop(0)
        os.set_inheritable(descriptor, False)
        return descriptor

    def close(self) -> None:
        """Close this end."""
        with suppress(OSError):
            self._end.close()


def expect_record(session: Session) -> Record:
    """Make the record that tells a beater of a session that is about to begin."""
    return {"expect": attrs.asdict(session)}


def read_expected(record: Mapping[str, object]) -> Session | None:
    """Read what `expect_record` has made.

    Raises:
        ValueError: If it is something else.
    """
    return _session(record)


def watch_record(session: Session | None, pulse: Pulse | None) -> Record:
    """Make the record that asks a beater to watch over a session, and to beat a pulse."""
    return {
        "watch": {
            "session": None if session is None else attrs.asdict(session),
            "pulse": None if pulse is None else attrs.asdict(pulse),
        }
    }


def read_watch(record: Mapping[str, object]) -> tuple[Session | None, Pulse | None]:
    """Read what `watch_record` has made.

    Raises:
        ValueError: If it is something else.
    """
    session = _session(record["session"])
    match record["pulse"]:
        case {
            "key": str(key),
            "period": float() | int() as period,
            "expire": float() | int() as expire,
            "value": str(value),
            "session": of,
        }:
            return session, Pulse(key=key, period=period, expire=expire, value=value, session=_session(of))
    return session, None


def _session(record: object) -> Session | None:
    match record:
        case None:
            return None
        case {
            "worker": str(worker),
            "token": str(token),
            "log_max": int(log_max),
            "heartbeat_key": str() | None as key,
        }:
            return Session(worker=WorkerId(worker), token=token, log_max=log_max, heartbeat_key=key)
    raise ValueError(f"not a session: {record!r:.200}")
