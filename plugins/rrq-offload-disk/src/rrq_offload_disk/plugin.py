"""What rrq-core finds by the entry point."""

from collections.abc import Callable

from rrq_core import hookimpl
from rrq_core.ports import Offload, OffloadFactory


@hookimpl
def rrq_register_offloads(register: Callable[[str, OffloadFactory], None]) -> None:
    """Register the scheme `file`, which is that of plain paths too."""
    register("file", _open)


def _open(url: str) -> Offload:
    from rrq_offload_disk.place import open_disk

    return open_disk(url)
