"""What is written down of the server that was started last, and on which machine that was."""

import json
import os
import socket
import tempfile
from functools import cache
from pathlib import Path

import attrs
import psutil
from attrs import frozen

from rrq_backends.embedded.binary import Binary, Flavour, Version


@frozen(kw_only=True)
class Host:
    """A machine, since it was last started."""

    name: str
    boot_id: str

    def may_be(self, other: "Host") -> bool:
        """Tell whether both may be one machine: it may have been renamed, or started again, but not both unseen."""
        return self.name == other.name or self.boot_id == other.boot_id


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


def this_host() -> Host:
    """Give the machine we are on."""
    return Host(name=socket.gethostname(), boot_id=_boot_id())


@frozen(kw_only=True)
class ServerRecord:
    """A server that was started: its process, where it runs, and what wrote the data in its directory."""

    pid: int
    started: float
    keeper: int
    socket: Path
    host: Host
    flavour: Flavour
    version: Version

    def process(self) -> psutil.Process | None:
        """Give the server's process, None if it is gone: another that got its number started at another time."""
        try:
            process = psutil.Process(self.pid)
            return process if abs(process.create_time() - self.started) < 1.0 else None
        except psutil.NoSuchProcess:
            return None

    def is_kept(self) -> bool:
        """Tell whether the server's keeper is still its parent. Where neither can be seen from here, it is assumed."""
        process = self.process()
        return process is None or process.ppid() == self.keeper


def new_record(pid: int, keeper: int, path: Path, binary: Binary) -> ServerRecord:
    """Describe a server that has just been started here.

    Raises:
        psutil.NoSuchProcess: If it has ended already.
    """
    return ServerRecord(
        pid=pid,
        started=psutil.Process(pid).create_time(),
        keeper=keeper,
        socket=path,
        host=this_host(),
        flavour=binary.flavour,
        version=binary.version,
    )


def read_record(path: Path) -> ServerRecord | None:
    """Read a record; None if there is none, or it cannot be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return ServerRecord(
            pid=int(found["pid"]),
            started=float(found["started"]),
            keeper=int(found["keeper"]),
            socket=Path(found["socket"]),
            host=Host(name=str(found["host"]["name"]), boot_id=str(found["host"]["boot_id"])),
            flavour=Flavour(found["flavour"]),
            version=Version(int(found["version"]["major"]), int(found["version"]["minor"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(path: Path, record: ServerRecord) -> None:
    """Write a record in place of the last one, whole or not at all."""
    write_whole(path, json.dumps(attrs.asdict(record), default=str, indent=1))


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that whoever reads it meanwhile sees the old text or the new."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
