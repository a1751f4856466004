"""Large values of rrq-core queues in the files of a directory."""

from rrq_offload_disk.disk import DiskOffload

__all__ = ["DiskOffload"]
