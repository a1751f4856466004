"""Values that were read a short time ago: many tasks share an argument, and a worker reads it once."""

import mmap
import os
import tempfile
import weakref
from collections import OrderedDict

from rrq_core.model.ids import Hash
from rrq_core.model.value import Buffer

MOST_BYTES = 128 * 1024 * 1024
MAPPED = 1024 * 1024
"""Bytes above which each reader gets a mapping of its own, copied where it writes, in place of memory to copy."""


class ValueCache:
    """The bytes of values by hash. Those that nobody asked for the longest give way.

    Args:
        most_bytes: Bytes that it holds at most; what is larger is never kept.
        mapped: Bytes above which what is kept is mapped for each reader.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, mapped: int = MAPPED) -> None:
        self._most_bytes = most_bytes
        self._mapped = mapped
        self._kept: OrderedDict[Hash, memoryview | _Mappable] = OrderedDict()
        self._size = 0

    def find(self, hash: Hash) -> Buffer | None:
        """Give the bytes of a value, None if they are not here. What can be written to in them is the caller's own."""
        found = self._kept.get(hash)
        if found is None:
            return None
        self._kept.move_to_end(hash)
        return found.view() if isinstance(found, _Mappable) else found

    def kept(self, hash: Hash, data: Buffer) -> Buffer:
        """Keep the bytes of a value that was read, and give them to whoever reads it first, as `find` does.

        What is a mapping already is not kept: the system does that.
        """
        size = len(data)
        if isinstance(data, memoryview) or size > self._most_bytes or hash in self._kept:
            return data
        self._kept[hash] = _Mappable(data) if size > self._mapped else memoryview(data).toreadonly()
        self._size += size
        while self._size > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)
        return self.find(hash) or data


class _Mappable:
    """Bytes in a file without a name, so that each mapping of them is private, and costs only what is written to."""

    def __init__(self, data: Buffer) -> None:
        self._size = len(data)
        self._descriptor = _nameless_file()
        weakref.finalize(self, os.close, self._descriptor)
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def __len__(self) -> int:
        return self._size

    def view(self) -> memoryview:
        """Map them."""
        return memoryview(mmap.mmap(self._descriptor, self._size, access=mmap.ACCESS_COPY))


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("rrq-value")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
