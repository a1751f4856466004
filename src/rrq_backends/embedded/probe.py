"""Whether a server answers at a socket: one command and one reply, without a client library."""

import socket
from enum import Enum, auto
from pathlib import Path

from rrq_core.errors import BackendError

PING = "PING"
FSYNC_ALWAYS = "CONFIG SET appendfsync always"

_PATIENCE = 5.0


class Answer(Enum):
    """What came back."""

    READY = auto()
    LOADING = auto()
    SILENT = auto()
    NOBODY = auto()


def ask(path: Path, command: str) -> Answer:
    """Send a command to the server at a socket.

    Raises:
        BackendError: If the server refuses the command.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(path))
            connection.sendall(f"{command}\r\n".encode())
            return _read(connection.recv(1024), command)
        except TimeoutError:
            return Answer.SILENT
        except OSError:
            return Answer.NOBODY


def _read(reply: bytes, command: str) -> Answer:
    if reply.startswith(b"+"):
        return Answer.READY
    if reply.startswith(b"-LOADING"):
        return Answer.LOADING
    if reply.startswith(b"-BUSY"):
        return Answer.SILENT
    if reply:
        raise BackendError(f"the embedded server refuses {command!r}: {reply.decode('utf-8', 'replace').strip()}")
    return Answer.NOBODY
