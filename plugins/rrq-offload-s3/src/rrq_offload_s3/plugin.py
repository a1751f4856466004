"""What rrq-core finds by the entry point."""

from collections.abc import Callable

from rrq_core import hookimpl
from rrq_core.ports import Offload, OffloadFactory

SCHEMES = ("s3", "gs", "az", "abfs", "sftp", "memory")


@hookimpl
def rrq_register_offloads(register: Callable[[str, OffloadFactory], None]) -> None:
    """Register S3 and the other schemes; `memory` is for tests, as nobody else sees the memory of a process."""
    for scheme in SCHEMES:
        register(scheme, _open)


def _open(url: str) -> Offload:
    from rrq_offload_s3.place import open_remote

    return open_remote(url)
