"""What is configured for a whole queue: where values go. Its checks and its stored form (JSON)."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

from attrs import Attribute, field, frozen

from rrq_core.errors import InvalidArgument

LARGEST_IN_STORE = 512 * 1024 * 1024
"""Bytes of the largest value that a store takes itself."""


def checked_size(value: object, name: str) -> float:
    """Return a limit, if it is a number of bytes.

    Raises:
        InvalidArgument: If not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InvalidArgument(f"{name} is a number of bytes above 0, or math.inf, not {value!r}")
    return value


def _bytes(instance: object, attribute: "Attribute[float]", value: object) -> None:
    checked_size(value, attribute.name)


def offload_url(place: object) -> str | None:
    """Give the URL of an offload: a path on a disk becomes an absolute one.

    Raises:
        InvalidArgument: If it is neither a path nor a URL.

    >>> offload_url("/data/values"), offload_url("s3://bucket/values")
    ('file:///data/values', 's3://bucket/values')
    """
    if place is None:
        return None
    if not isinstance(place, str | os.PathLike) or not (text := os.fspath(place)) or "\0" in str(text):
        raise InvalidArgument(f"offload is a path or a URL, as in /data/values or s3://bucket/values, not {place!r}")
    if isinstance(text, bytes):
        raise InvalidArgument(f"offload is a path or a URL as text, not as bytes: {place!r}")
    if "://" not in text:
        return Path(os.path.abspath(os.path.expanduser(text))).as_uri()
    scheme, _, rest = text.partition("://")
    if scheme == "file" and not rest.startswith("/"):
        raise InvalidArgument(f"a file:// URL has three slashes and an absolute path, as file:///data; not {text!r}")
    return text


@frozen(kw_only=True)
class QueueConfiguration:
    """Where the values of a queue go. Made by `configure`.

    Args:
        store_max_size: Bytes above which a value goes to the offload; infinity: as many as a store takes, 512 MiB.
        offload: The URL of the offload, None: there is none, and larger values are refused.
        owner: By what the offload knows that it is this queue's, and no other's of the same name.
    """

    store_max_size: float = field(default=math.inf, validator=_bytes)
    offload: str | None = field(default=None, converter=offload_url)
    owner: str = field(default="", repr=False, eq=False)

    def is_large(self, size: int) -> bool:
        """Tell whether a value of so many bytes does not go into the store itself."""
        return size > min(self.store_max_size, LARGEST_IN_STORE)

    def to_json(self) -> bytes:
        """Give the stored form."""
        limit = None if math.isinf(self.store_max_size) else self.store_max_size
        record: dict[str, object] = {"store_max_size": limit, "offload": self.offload}
        if self.owner:
            record["owner"] = self.owner
        return json.dumps(record).encode()

    @classmethod
    def from_json(cls, stored: bytes) -> "QueueConfiguration":
        """Read the stored form."""
        record: Mapping[str, object] = json.loads(stored)
        limit = record.get("store_max_size")
        return cls(
            store_max_size=math.inf if limit is None else limit,  # type: ignore[arg-type]  # its validator checks it
            offload=record.get("offload"),
            owner=str(record.get("owner", "")),
        )


PLAIN_CONFIGURATION = QueueConfiguration()
