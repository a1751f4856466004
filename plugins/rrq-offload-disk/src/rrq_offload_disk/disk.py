"""Bytes by name in the files of one directory."""

import errno
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen

from rrq_core.errors import ObjectMissing
from rrq_core.model.value import Buffer, OffloadEntry
from rrq_core.ports import PART, Offload
from rrq_offload_disk.claims import can_claim
from rrq_offload_disk.reading import is_mappable, mapped, read

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\Z")


@frozen(kw_only=True)
class DiskOffload(Offload):
    """Bytes by name, each in a file of its own.

    Args:
        root: The directory; it is made when something is written.
        fsync: Whether files are on the disk before they have their names.
        mmap: Whether files are mapped where that is safe, not read.
    """

    root: Path
    fsync: bool = True
    mmap: bool = False

    def mset(self, items: Mapping[str, Buffer]) -> None:
        """Write files: each under another name first, and renamed when it is whole."""
        for name, data in items.items():
            with self._whole(data) as part:
                os.replace(part, self._path(name))
        if items:
            self._sync_root()

    def mget(self, names: Sequence[str]) -> list[Buffer]:
        """Read files, or map them."""
        maps = self.mmap and bool(names) and is_mappable(self.root)
        found: dict[str, Buffer] = {}
        for name in names:
            with suppress(FileNotFoundError):
                found[name] = mapped(self._path(name)) if maps else read(self._path(name))
        if missing := [name for name in names if name not in found]:
            raise ObjectMissing(missing, f"there is no such file in {self.root}")
        return [found[name] for name in names]

    def mdel(self, names: Sequence[str]) -> None:
        """Remove files."""
        for name in names:
            self._path(name).unlink(missing_ok=True)

    def list(self) -> Iterator[OffloadEntry]:
        """Go through the files, also those that a writer who died left half-written."""
        with suppress(FileNotFoundError), os.scandir(self.root) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False) or entry.is_symlink():
                        found = entry.stat(follow_symlinks=False)
                        yield OffloadEntry(name=entry.name, size=found.st_size, modified=found.st_mtime)

    def destroy(self) -> None:
        """Remove the files that can be an offload's, and the directory if that leaves it empty."""
        self.mdel([entry.name for entry in self.list() if _NAME.match(entry.name)])
        try:
            self.root.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
                raise

    def claim(self, name: str, data: Buffer) -> Buffer:
        """Write something unless there is something of its name, in one step, and read what is there."""
        path = self._path(name)
        self.root.mkdir(parents=True, exist_ok=True)
        if not can_claim(path, bytes(data)):
            with self._whole(data) as part, suppress(FileExistsError):
                os.link(part, path)
        self._sync_root()
        return read(path)

    def put_file(self, name: str, path: Path) -> None:
        """Move a file here, without reading it where it lies on the same file system."""
        self.root.mkdir(parents=True, exist_ok=True)
        with open(path, "rb") as file:
            self._sync(file.fileno())
        try:
            os.replace(path, self._path(name))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            super().put_file(name, path)
        else:
            self._sync_root()

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(f"a name in an offload has letters, digits, '-' and '.', not {name!r}")
        return self.root / name

    @contextmanager
    def _whole(self, data: Buffer) -> Iterator[Path]:
        """Write bytes to a file that nobody takes for a value; it is gone, or renamed, at the end."""
        self.root.mkdir(parents=True, exist_ok=True)
        part = self.root / f"{PART}{secrets.token_hex(16)}"
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                _write_all(descriptor, data)
                self._sync(descriptor)
            finally:
                os.close(descriptor)
            yield part
        finally:
            part.unlink(missing_ok=True)

    def _sync(self, descriptor: int) -> None:
        if self.fsync:
            os.fsync(descriptor)

    def _sync_root(self) -> None:
        """See to it that names are on the disk, too."""
        if self.fsync:
            descriptor = os.open(self.root, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _write_all(descriptor: int, data: Buffer) -> None:
    left = memoryview(data).cast("B")
    while left:
        left = left[os.write(descriptor, left) :]
