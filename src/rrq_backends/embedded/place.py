"""Where an embedded server lives: the URL that says so, the directory with its files, and the way to its socket."""

import hashlib
import math
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

import platformdirs
from attrs import frozen

from rrq_backends.embedded.keeper import TEMPORARY
from rrq_core.errors import InvalidArgument

SCHEME = "embedded://"
DEFAULT_IDLE = 10.0

# What the kernel has room for in the address of a Unix socket, less the null byte at its end.
LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107


class Fsync(StrEnum):
    """When the server makes what it acknowledged safe from a power loss: each second, or before it answers."""

    EVERYSEC = "everysec"
    ALWAYS = "always"


@frozen(kw_only=True)
class Place:
    """A directory with an embedded server, and how its user wants it.

    Args:
        directory: Absolute path.
        idle: Minutes without a user after which the server stops. None: as it is, 10 for one that is started.
        fsync: None: as it is, each second for one that is started.
    """

    directory: Path
    idle: float | None = None
    fsync: Fsync | None = None

    @property
    def url(self) -> str:
        """The URL that opens the same place from any working directory."""
        idle = {} if self.idle is None else {"idle": f"{self.idle:g}"}
        fsync = {} if self.fsync is None else {"fsync": self.fsync}
        wishes = urlencode(idle | fsync)
        return SCHEME + quote(str(self.directory)) + (f"?{wishes}" if wishes else "")

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts or stops the server."""
        return self.directory / "start.lock"

    @property
    def users_lock(self) -> Path:
        """Held, shared, by each process that uses the server."""
        return self.directory / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server itself, from its first to its last instruction."""
        return self.directory / "server.lock"

    @property
    def record(self) -> Path:
        """What is known of the server that was started last."""
        return self.directory / "server.json"

    @property
    def idle_file(self) -> Path:
        """The minutes without a user after which the server stops; its keeper reads them."""
        return self.directory / "idle"

    @property
    def log(self) -> Path:
        """What the server and its keeper print."""
        return self.directory / "server.log"


def place_of(url: str) -> Place:
    """Read an `embedded://` URL.

    A relative path is taken from the working directory; without a path it is the user's own directory of this host.

    Raises:
        InvalidArgument: If it has options that do not exist, or values that cannot be.

    >>> place_of("embedded:///data/queue?idle=0")
    Place(directory=PosixPath('/data/queue'), idle=0.0, fsync=None)
    """
    path, _, query = url.removeprefix(SCHEME).partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := options.keys() - {"idle", "fsync"}:
        raise InvalidArgument(f"embedded:// has no option {min(unknown)!r} (it has: idle, fsync), in {url!r}")
    directory = Path(unquote(path)).expanduser() if path else default_directory()
    return Place(directory=Path(os.path.abspath(directory)), idle=_idle(options, url), fsync=_fsync(options, url))


def default_directory() -> Path:
    """The user's own directory on this host; a home that hosts share has one for each."""
    return platformdirs.user_state_path("rrq") / socket.gethostname()


def _idle(options: Mapping[str, str], url: str) -> float | None:
    if "idle" not in options:
        return None
    try:
        minutes = float(options["idle"])
    except ValueError:
        minutes = math.nan
    if not 0 <= minutes < math.inf:
        raise InvalidArgument(f"idle is a number of minutes, 0 or more, not {options['idle']!r}, in {url!r}")
    return minutes


def _fsync(options: Mapping[str, str], url: str) -> Fsync | None:
    if "fsync" not in options:
        return None
    try:
        return Fsync(options["fsync"])
    except ValueError:
        kinds = " or ".join(Fsync)
        raise InvalidArgument(f"fsync is {kinds}, not {options['fsync']!r}, in {url!r}") from None


def new_socket_path(place: Place) -> Path:
    """Choose where a server that is about to start shall have its socket; the folder is there when this returns.

    In the user's runtime directory if the system gives one, else with the data; where that path is too long for a
    socket, in a new private directory among the temporary files.

    Raises:
        InvalidArgument: If even that path is too long.
    """
    name = hashlib.sha256(os.fsencode(place.directory)).hexdigest()[:16] + ".sock"
    runtime = _runtime_directory()
    path = runtime / "rrq" / name if runtime else place.directory / "server.sock"
    if _fits(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return path
    return _temporary_socket_path()


def _runtime_directory() -> Path | None:
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    if not os.path.isabs(named) or not os.path.isdir(named):
        return None
    return Path(named) if os.stat(named).st_uid == os.geteuid() else None


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def _temporary_socket_path() -> Path:
    example = Path(tempfile.gettempdir()) / f"{TEMPORARY}XXXXXXXX" / "server.sock"
    if not _fits(example):
        raise InvalidArgument(
            f"no path for a socket is short enough ({LONGEST_SOCKET_PATH} bytes): {str(example)!r} has "
            f"{len(os.fsencode(example))}. Choose a directory with a shorter path, or set $TMPDIR to one"
        )
    return Path(tempfile.mkdtemp(prefix=TEMPORARY)) / "server.sock"
