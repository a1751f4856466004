"""Large values of rrq-core queues in S3, or any other place that fsspec knows."""

from rrq_offload_s3.remote import RemoteOffload

__all__ = ["RemoteOffload"]
