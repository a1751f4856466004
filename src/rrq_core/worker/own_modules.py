"""A user's own modules: when one of them has changed on disk, all are imported anew.

All, since others may hold what they have imported from it. A user's own are those that were imported after the worker
was made, from source files outside of Python's library and of what is installed.
"""

import importlib.util
import os
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_LIBRARY = f"{os.path.dirname(os.__file__)}{os.sep}"
_NEVER = frozenset({"rrq_core", "rrq_backends", "__main__"})
_DOUBT = 2.0  # seconds by which the clock of a file system may differ from ours

Version = tuple[int, int]


class OwnModules:
    """Watches over the modules that are imported from now on."""

    def __init__(self) -> None:
        self._others = frozenset(sys.modules)
        self._versions: dict[str, Version] = {}
        self._noted_at = time.time()

    def note(self) -> None:
        """Take the files of what is imported now as they are: later changes are seen."""
        self._versions = {name: version for name, file in self.sources() if (version := version_of(file)) is not None}
        self._noted_at = time.time()

    def drop_changed(self) -> None:
        """If a file has changed since it was noted, forget all own modules, so that they are imported anew."""
        importlib.invalidate_caches()  # there may be new files
        own = dict(self.sources())
        changed = [file for name, file in own.items() if self._has_changed(name, file)]
        for file in changed:  # for as current goes bytecode of a source with the same length from the same second
            with suppress(OSError, NotImplementedError):
                os.unlink(importlib.util.cache_from_source(file))
        if changed:
            _drop(own)

    def sources(self) -> Iterator[tuple[str, str]]:
        """Go through the own modules, by name, with their source files."""
        for name in list(sys.modules):
            file = self.source(name)
            if file is not None:
                yield name, file

    def source(self, name: str) -> str | None:
        """Give the source file of a module that is imported; None if it is no own one."""
        if name not in sys.modules or name in self._others or name.partition(".")[0] in _NEVER:
            return None
        file = _source_of(sys.modules[name])
        if file is None or file.startswith(_LIBRARY) or not _INSTALLED.isdisjoint(Path(file).parts):
            return None
        return file

    def _has_changed(self, name: str, file: str) -> bool:
        now, before = version_of(file), self._versions.get(name)
        if now is None:  # it cannot be imported again, so what is there is kept
            return False
        return now != before if before is not None else now[0] / 1e9 > self._noted_at - _DOUBT


def _source_of(module: ModuleType) -> str | None:
    spec = getattr(module, "__spec__", None)
    origin = getattr(spec, "origin", None)
    return origin if isinstance(origin, str) and origin.endswith(".py") else None


def version_of(file: str) -> Version | None:
    """Give what tells whether a file has changed; None if it cannot be read."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _drop(names: Collection[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)
        parent, _, child = name.rpartition(".")
        with suppress(AttributeError, KeyError):  # a package that stays would still hand out the old one
            delattr(sys.modules[parent], child)
