"""A private directory for the logs of workers that were given none. It goes with this process."""

import atexit
import os
import shutil
import tempfile
from functools import cache, partial
from pathlib import Path


def scratch_directory() -> Path:
    """Give the directory of this process, made when it is first asked for."""
    return _directory_of(os.getpid())


@cache
def _directory_of(process: int) -> Path:
    path = Path(tempfile.mkdtemp(prefix="rrq-logs-"))
    atexit.register(partial(_remove, path, process))
    return path


def _remove(path: Path, process: int) -> None:
    if os.getpid() == process:  # a fork that ends leaves the directory to its parent
        shutil.rmtree(path, ignore_errors=True)
