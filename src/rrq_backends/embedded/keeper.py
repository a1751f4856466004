"""The embedded server's parent: it starts the server, and stops it when nobody has used it for a while.

Run as a file, in the server's directory, by an interpreter without site-packages, so that it starts fast and stays
small: it needs nothing but the standard library. The server never outlives it: where the kernel can (Linux) it stops
the server of a keeper that was killed; elsewhere whoever connects next does.
"""

import ctypes
import fcntl
import os
import select
import signal
import sys
import time
from contextlib import suppress

TEMPORARY = "rrq-socket-"
"""How the names of private directories for sockets begin."""

_PERIOD = 0.5
_LONGEST_END = 10.0
_PR_SET_PDEATHSIG = 1


class Server:
    """The server's process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended = False

    def has_ended(self) -> bool:
        """Tell whether the process is gone, and let the kernel forget it."""
        if not self._ended:
            self._ended = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return self._ended

    def end(self) -> bool:
        """Ask it to save and stop, and wait; False if it does not (it refuses where it cannot write)."""
        deadline = time.monotonic() + _LONGEST_END
        if not self.has_ended():
            os.kill(self.pid, signal.SIGTERM)
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.01)
        return self._ended


def configuration(directory: str, socket_path: str) -> str:
    """Write the server's configuration. Who needs each write on disk sets that on the running server."""
    settings = {
        "port": "0",
        "unixsocket": socket_path,
        "unixsocketperm": "700",
        "dir": directory,
        "logfile": os.path.join(directory, "server.log"),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return "".join(f"{name} {_quoted(value)}\n" for name, value in settings.items())


def _quoted(value: str) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in os.fsencode(value)) + '"'


def start(binary: str, settings: str) -> Server:
    """Start the server as a child that holds server.lock for as long as it lives."""
    lock = os.open("server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    keeper, pid = os.getpid(), os.fork()
    if pid == 0:
        try:
            _become_server(binary, settings, lock, keeper)
        finally:
            os._exit(127)
    os.close(lock)
    return Server(pid)


def _become_server(binary: str, settings: str, lock: int, keeper: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != keeper:
            return
    reader, writer = os.pipe()
    os.write(writer, settings.encode())
    os.close(writer)
    os.dup2(reader, 0)
    os.dup2(2, 1)
    os.set_inheritable(lock, True)
    try:
        os.execv(binary, [binary, "-"])
    except OSError as error:
        os.write(2, f"{binary} does not start: {error}\n".encode())


def announce(server: Server) -> bool:
    """Tell who started us both process numbers, and hear that they were written down; False if nobody is there."""
    try:
        os.write(1, f"{server.pid} {os.getpid()}\n".encode())
        heard = os.read(0, 1) != b""
    except OSError:
        heard = False
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return heard


def watch(server: Server) -> None:
    """Return when the server has ended, by itself or because nobody has held users.lock for a while."""
    users = os.open("users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    bell = _bell()
    unused_since: float | None = None
    while not server.has_ended():
        if _try_lock(users):
            now = time.monotonic()
            unused_since = now if unused_since is None else unused_since
            # The lock is kept until the server has ended, so that who comes now waits and then starts another.
            if now - unused_since >= _idle_seconds():
                server.end()
                unused_since = None
            fcntl.flock(users, fcntl.LOCK_UN)
        else:
            unused_since = None
        if select.select([bell], [], [], _PERIOD)[0]:
            os.read(bell, 1)


def _bell() -> int:
    """Give a descriptor that can be read when a child has ended."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _idle_seconds() -> float:
    try:
        with open("idle") as file:
            return 60 * float(file.read())
    except FileNotFoundError:  # the directory was removed: nobody can come back to it
        return 0.0


def main() -> None:
    """Keep the server that the command line describes: directory, binary, path of the socket."""
    directory, binary, socket_path = sys.argv[1:]
    if os.fork():
        os._exit(0)  # so that who started us, and may live long, has no child to wait for
    os.umask(0o077)
    server = start(binary, configuration(directory, socket_path))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # not before: a child that is not yet the server would hear it
    try:
        if announce(server):
            watch(server)
    finally:
        server.end()
        _remove_temporary(os.path.dirname(socket_path))


def _remove_temporary(folder: str) -> None:
    if os.path.basename(folder).startswith(TEMPORARY):
        with suppress(OSError):  # it is gone already, or it is no folder that was made for a socket
            os.rmdir(folder)


if __name__ == "__main__":
    main()
