"""Whose a directory or a socket is: nothing but its owner and mode keeps other users out of an embedded server."""

import os
import stat
from pathlib import Path

from rrq_core.errors import BackendDenied, InvalidArgument

_OTHERS = 0o077


def make_private_directory(directory: Path) -> None:
    """Make a directory that only this user can enter, or see that it is one.

    Raises:
        BackendDenied: If it cannot be made, is another user's, or is open to others.
        InvalidArgument: If a file is in the way.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InvalidArgument(f"the embedded server needs a directory; this is a file: {error.filename!r}") from error
    except OSError as error:
        raise BackendDenied(f"the directory of the embedded server cannot be made: {error}") from error
    check_private_directory(directory)


def check_private_directory(directory: Path) -> None:
    """See that a directory is this user's, and closed to all others.

    Raises:
        BackendDenied: If not; the error says what to do.
    """
    _check(directory, os.stat(directory), "the directory", f"chmod 700 '{directory}'")


def check_private_socket(path: Path) -> None:
    """See that a socket, and the directory it lies in, are this user's and closed to all others.

    Raises:
        BackendDenied: If not, or if it is no socket.
        FileNotFoundError: If there is none.
    """
    check_private_directory(path.parent)
    status = os.lstat(path)
    if not stat.S_ISSOCK(status.st_mode):
        raise BackendDenied(f"this should be the socket of the embedded server, and is not: {str(path)!r}. Remove it")
    _check(path, status, "the socket", "stop that server")


def _check(path: Path, status: os.stat_result, what: str, remedy: str) -> None:
    if status.st_uid != os.geteuid():
        raise BackendDenied(
            f"{what} {str(path)!r} belongs to the user with id {status.st_uid}, not to you ({os.geteuid()}): "
            "choose a directory of your own, as in embedded:///path/to/it"
        )
    if status.st_mode & _OTHERS:
        raise BackendDenied(
            f"{what} {str(path)!r} is open to other users (mode {stat.S_IMODE(status.st_mode):04o}), and who reaches "
            f"the embedded server runs code as you: {remedy}, or choose another directory"
        )
