"""Claims: a few bytes under a name, for the first who comes.

A claim is a symbolic link whose target is its text, as lock files often are: it is made in one step, with all of its
text, by one only, also on network file systems and those without hard links; and who counts or copies the files of a
root sees values alone. `ls -l` shows it.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)


def can_claim(path: Path, data: bytes) -> bool:
    """Make a claim, unless there is something of this name. False, and nothing is done, where there are no links."""
    try:
        with suppress(FileExistsError):
            os.symlink(data, os.fsencode(path))
    except ValueError:  # a zero byte
        return False
    except OSError as error:
        if error.errno not in (*_NO_LINKS, errno.ENAMETOOLONG):
            raise
        return False
    return True


def claimed(path: Path) -> bytes | None:
    """Give the text of a claim; None if what has this name is none."""
    try:
        return os.readlink(os.fsencode(path))
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOENT):
            raise
        return None
