"""File locks: who starts the server, who uses it, whether it runs. The kernel drops them with the processes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rrq_core.errors import BackendError


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock alone, after waiting for it."""
    descriptor = _locked(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Tell whether somebody holds a lock alone."""
    try:
        os.close(_locked(path, fcntl.LOCK_SH | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


class UserLock:
    """A lock held with other users until it is closed, or the process ends.

    A forked child has a copy of the open file, and so holds the lock for itself: neither side unlocks, each closes.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = _locked(path, fcntl.LOCK_SH)

    @property
    def is_closed(self) -> bool:
        """Whether this process has let go."""
        return self._descriptor is None

    def close(self) -> None:
        """Let go; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _locked(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError as error:
        os.close(descriptor)
        raise BackendError(
            f"the file system of {str(path)!r} does not lock files ({error}): choose a directory on a local disk, "
            "as in embedded:///path/to/it"
        ) from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
