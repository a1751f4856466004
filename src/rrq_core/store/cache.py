"""Values that were read a short time ago: many tasks share an argument, and a worker reads it once."""

from collections import OrderedDict

from rrq_core.model.ids import Hash
from rrq_core.model.value import Buffer

MOST_BYTES = 128 * 1024 * 1024


class ValueCache:
    """The bytes of values by hash. Those that nobody asked for the longest give way.

    Args:
        most_bytes: Bytes that it holds at most; what is larger is never kept.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hash, memoryview] = OrderedDict()
        self._size = 0

    def find(self, hash: Hash) -> Buffer | None:
        """Give the bytes of a value, read-only, since others get the same; None if they are not here."""
        data = self._kept.get(hash)
        if data is not None:
            self._kept.move_to_end(hash)
        return data

    def kept(self, hash: Hash, data: Buffer) -> Buffer:
        """Keep the bytes of a value that was read, and give them: read-only if they are kept, else as they came.

        What is mapped is not kept: the system does that.
        """
        if isinstance(data, memoryview) or len(data) > self._most_bytes:
            return data
        shared = self._kept[hash] = memoryview(data).toreadonly()
        self._size += len(data)
        while self._size > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)
        return shared
