"""Bytes by name in a place that fsspec knows."""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import fsspec
from attrs import define, field
from fsspec import AbstractFileSystem

from rrq_core.errors import ObjectMissing
from rrq_core.model.value import Buffer, OffloadEntry
from rrq_core.ports import PART, Offload

Options = Mapping[str, object]

# Where what is written can be seen when it is whole, and not before.
_ATOMIC = frozenset({"s3", "gs", "az", "abfs", "memory"})
_MOMENTS = ("LastModified", "last_modified", "mtime", "updated", "created")


@define(kw_only=True)
class RemoteOffload(Offload):
    """Bytes by name, each in an object or file of its own under one root.

    Args:
        protocol: What fsspec calls the kind of place.
        root: The bucket and prefix, or the path.
        options: What fsspec opens it with.
    """

    protocol: str
    root: str
    options: Options = field(factory=dict, repr=False)
    _opened: tuple[int, AbstractFileSystem] | None = field(default=None, init=False, repr=False, eq=False)

    @property
    def _files(self) -> AbstractFileSystem:
        """The file system, one for each process: most cannot be used after a fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            files = fsspec.filesystem(
                self.protocol, skip_instance_cache=True, use_listings_cache=False, **dict(self.options)
            )
            self._opened = os.getpid(), files
        return self._opened[1]

    def mset(self, items: Mapping[str, Buffer]) -> None:
        """Write objects, each whole."""
        files = self._files
        for name, data in items.items():
            whole = data if isinstance(data, bytes | bytearray) else bytes(data)
            if self.protocol in _ATOMIC:
                files.pipe_file(self._path(name), whole)
            else:
                self._write_and_rename(name, whole)

    def _write_and_rename(self, name: str, data: Buffer) -> None:
        files, part = self._files, self._path(f"{PART}{os.urandom(16).hex()}")
        files.makedirs(self.root, exist_ok=True)
        try:
            files.pipe_file(part, data)
            with suppress(FileNotFoundError):  # renaming does not replace everywhere; the same bytes are there
                files.rm_file(self._path(name))
            files.mv(part, self._path(name))
        except BaseException:
            with suppress(OSError):
                files.rm_file(part)
            raise

    def mget(self, names: Sequence[str]) -> list[Buffer]:
        """Read objects."""
        found: dict[str, Buffer] = {}
        for name in names:
            with suppress(FileNotFoundError):
                found[name] = self._files.cat_file(self._path(name))
        if missing := [name for name in names if name not in found]:
            raise ObjectMissing(missing, f"there is no such object in {self.protocol}://{self.root}")
        return [found[name] for name in names]

    def mdel(self, names: Sequence[str]) -> None:
        """Delete objects, one by one: not every service takes a list."""
        for name in names:
            with suppress(FileNotFoundError):
                self._files.rm_file(self._path(name))

    def list(self) -> Iterator[OffloadEntry]:
        """Go through the objects under the root."""
        files = self._files
        files.invalidate_cache()
        with suppress(FileNotFoundError):
            for path, found in files.find(self.root, maxdepth=1, detail=True).items():
                name = path.rpartition("/")[2]
                yield OffloadEntry(name=name, size=int(found["size"]), modified=_modified(found))

    def destroy(self) -> None:
        """Delete all objects under the root."""
        self.mdel([entry.name for entry in self.list()])
        if self.protocol not in _ATOMIC:
            with suppress(OSError):
                self._files.rmdir(self.root)

    def claim(self, name: str, data: Buffer) -> Buffer:
        """Write an object unless there is one, in one step where the service can do that, and read what is there."""
        if self.protocol != "s3":
            return super().claim(name, data)
        try:
            self._files.pipe_file(self._path(name), bytes(data), mode="create")
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno != errno.ENOSYS:  # a service without conditional writes, such as Swift, says 501
                raise
            return super().claim(name, data)
        return self.mget([name])[0]

    def _path(self, name: str) -> str:
        if "/" in name or not name:
            raise ValueError(f"a name in an offload has letters, digits, '-' and '.', not {name!r}")
        return f"{self.root}/{name}"


def _modified(found: Mapping[str, object]) -> float:
    """Give when an object was written; what does not tell is taken for new."""
    moment = next((found[name] for name in _MOMENTS if found.get(name) is not None), None)
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    return float(moment) if isinstance(moment, int | float) else datetime.now(UTC).timestamp()
