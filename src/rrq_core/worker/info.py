"""What a worker tells of itself: where it runs, and with what."""

import functools
import getpass
import os
import platform
import socket
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, version
from pathlib import Path

from rrq_core.model.worker import WorkerInfo
from rrq_core.worker.setup import WorkerSetup

_LIBRARIES = ("cloudpickle", "numpy", "scipy", "pandas", "polars", "pyarrow", "scikit-learn", "torch", "redis")
_INSTALLED_FROM = "direct_url.json"
_LINUX_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_START_TIME = 19  # of the fields behind the name of the program; in ticks since the boot


def worker_info(setup: WorkerSetup) -> WorkerInfo:
    """Describe a worker that runs in this process."""
    return WorkerInfo(
        host=socket.gethostname(),
        pid=os.getpid(),
        process_start=process_start(os.getpid()) or "",
        boot_id=boot_id(),
        username=_username(),
        platform=f"{sys.platform}-{platform.machine()}",
        python=platform.python_version(),
        rrq=version("rrq-core"),
        config=setup.config_name,
        queues=setup.config.queue,
        cwd=_working_directory(),
        libraries=_libraries(),
        instance=setup.instance,
    )


def boot_id() -> str:
    """Identify this run of this machine: together with it, a process id means one process."""
    if _LINUX_BOOT_ID.exists():
        return _LINUX_BOOT_ID.read_text().strip()
    import psutil  # here, since a worker on Linux starts sooner without it

    return str(int(psutil.boot_time()))


def process_start(pid: int) -> str | None:
    """Tell when a process was started, as this machine counts it; None if there is no such process."""
    if _LINUX_BOOT_ID.exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in (b"Z", b"X") else fields[_START_TIME].decode()
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def _username() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user whom nobody has named
        return str(os.getuid())


def _working_directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "(deleted)"


def _libraries() -> Mapping[str, str]:
    """Look up the versions of what people compute with, and of what they develop; nothing is imported."""
    return _libraries_in(tuple((entry, _changed_at(entry or ".")) for entry in sys.path))


def _changed_at(directory: str) -> float:
    try:
        return os.stat(directory).st_mtime
    except OSError:
        return 0.0


@functools.lru_cache(maxsize=1)  # workers that are threads share it
def _libraries_in(path: tuple[tuple[str, float], ...]) -> Mapping[str, str]:
    """Look up versions on the path as it is now: its directories, and when each changed last."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found | dict(_own_packages())


def _own_packages() -> Iterator[tuple[str, str]]:
    """Give what was installed from a directory, an archive or a repository, rather than from an index of packages."""
    for entry in sys.path:
        for file in Path(entry or ".").glob(f"*.dist-info/{_INSTALLED_FROM}"):
            package = Distribution.at(file.parent)
            if package.read_text("METADATA") is not None:  # else it is what is left of one that was removed
                yield package.metadata["Name"], package.version
