"""The backend of an `embedded://` URL: the Redis adapter on a private server of this user."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import frozen

from rrq_core.errors import BackendError, BackendUnavailable
from rrq_core.model.ids import QueueId
from rrq_core.ports import Backend

if TYPE_CHECKING:
    from redis.connection import AbstractConnection

    from rrq_backends.embedded.locks import UserLock
    from rrq_backends.embedded.place import Place


def open_embedded(url: str, queue_id: QueueId) -> Backend:
    """Open a queue on the server of an `embedded://` URL; the server is started if it does not run.

    This process counts as a user of the server until the backend is closed, or the process ends.

    Raises:
        InvalidArgument: If the URL cannot be.
        BackendError: If the server cannot be used; the error says why.
    """
    refuse_windows(sys.platform)
    # These need modules that Windows does not have.
    from rrq_backends.embedded.locks import UserLock
    from rrq_backends.embedded.ownership import make_private_directory
    from rrq_backends.embedded.place import place_of
    from rrq_backends.embedded.server import running_server, wish_idle

    place = place_of(url)
    make_private_directory(place.directory)
    lock = UserLock(place.users_lock)
    try:
        with _importing_the_adapter():
            running_server(place)
        if place.idle is not None:
            wish_idle(place, place.idle)
        return _backend_on(place, lock, queue_id)
    except BaseException:
        lock.close()
        raise


def refuse_windows(platform: str) -> None:
    """Raise an error on Windows."""
    if platform == "win32":
        raise BackendError(
            "embedded:// does not work on Windows, which has no server program for it: use memory://NAME within one "
            "process, run Python in WSL, or start a Redis elsewhere and use redis://"
        )


@contextmanager
def _importing_the_adapter() -> Iterator[None]:
    # It takes as long to import as the server takes to start, and a first connection waits for both.
    thread = Thread(target=import_module, args=("rrq_backends.redis.backend",))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _backend_on(place: "Place", lock: "UserLock", queue_id: QueueId) -> Backend:
    from rrq_backends.redis.backend import build_backend

    user = _User(place=place, lock=lock)
    return build_backend(user.connect, place.url, queue_id, shared=True, durable=True, close=lock.close)


@frozen(kw_only=True)
class _User:
    """One backend's way to the server."""

    place: "Place"
    lock: "UserLock"

    def connect(self, socket_timeout: float) -> "AbstractConnection":
        """Make a connection, not yet connected, to the server, which is started again if it has ended."""
        from rrq_backends.embedded.server import running_server
        from rrq_backends.redis.connection import connector_of

        if self.lock.is_closed:
            raise BackendUnavailable(f"the backend on {self.place.url} was closed: open it again")
        path = running_server(self.place)
        return connector_of("unix://" + quote(str(path)))(socket_timeout)
