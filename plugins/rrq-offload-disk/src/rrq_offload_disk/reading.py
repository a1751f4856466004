"""Files to bytes: read, or mapped."""

import mmap
import os
from functools import cache
from pathlib import Path

from rrq_core.model.memory import new_memory
from rrq_core.model.value import Buffer
from rrq_offload_disk.claims import claimed

# File systems on which a file that is removed elsewhere takes its mapped pages away.
_REMOTE = ("nfs", "cifs", "smb", "fuse", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "davfs")
_MOUNTS = Path("/proc/self/mounts")


def read(path: Path) -> Buffer:
    """Read a file into memory that is the caller's own, or a claim.

    Raises:
        FileNotFoundError: If there is none.
    """
    if (claim := claimed(path)) is not None:
        return claim
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        data = new_memory(size)
        view, at = memoryview(data), 0
        while at < size and (count := file.readinto(view[at:])):
            at += count
    return data if at == size else bytes(view[:at])


def mapped(path: Path) -> Buffer:
    """Map a file, or read a claim. What is written to the memory stays there: the file never changes.

    Raises:
        FileNotFoundError: If there is none.
    """
    if (claim := claimed(path)) is not None:
        return claim
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))


@cache
def is_mappable(root: Path) -> bool:
    """Tell whether files in a directory can be mapped safely: whether it is on a local disk."""
    try:
        mounts = _MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    places = {line.split(" ")[1]: line.split(" ")[2] for line in mounts}
    place = root.resolve()
    for parent in (place, *place.parents):
        if (kind := places.get(str(parent))) is not None:
            return not kind.startswith(_REMOTE)
    return False
