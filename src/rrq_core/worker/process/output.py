"""What a task prints: a file for it, and the tail of that which is kept with the task."""

import os
from pathlib import Path

TAIL = 64 * 1024
"""Bytes that are kept with a task at most."""


class Output:
    """The file for what one attempt at a task prints, behind what is in it of earlier attempts.

    Args:
        path: Where it lies; its directory is made if need be.
    Raises:
        OSError: If it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.descriptor = _opened(path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.descriptor = _opened(path)
        self._start = os.fstat(self.descriptor).st_size

    def close(self) -> None:
        """Close it here; the process of the task has it open for itself."""
        os.close(self.descriptor)

    def tail(self) -> bytes:
        """Give what was printed; of more than 64 KiB the end, after a line that says how much was left out."""
        end = os.fstat(self.descriptor).st_size  # not of the path, which may lead nowhere by now
        begin = min(self._start, end)
        if end - begin <= TAIL:
            return os.pread(self.descriptor, TAIL, begin)
        line = f"[{end - begin - TAIL} bytes and the line that they end in are omitted]\n".encode()
        kept = TAIL - len(line)
        return line + os.pread(self.descriptor, kept, end - kept)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
