"""From a path or a URL to an offload."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from rrq_core.errors import InvalidArgument
from rrq_offload_disk.disk import DiskOffload

_SCHEME = "file://"
_VALUES = {"0": False, "1": True}


def open_disk(url: str) -> DiskOffload:
    """Open the offload of a path, or of a file:// URL with options. Nothing is written.

    Raises:
        InvalidArgument: If the path is not absolute, or an option cannot be.

    >>> open_disk("file:///data/values?fsync=0")
    DiskOffload(root=PosixPath('/data/values'), fsync=False, mmap=False)
    """
    if not url.startswith(_SCHEME):
        return DiskOffload(root=_absolute(url, url))
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise InvalidArgument(f"a file:// URL has no host, as file:///data has none, but this one does: {url!r}")
    return DiskOffload(root=_absolute(unquote(parts.path), url), **_options(parts.query, url))


def _absolute(path: str, url: str) -> Path:
    root = Path(path)
    if not root.is_absolute():
        raise InvalidArgument(f"the path of an offload is absolute, for it is the same everywhere; not {url!r}")
    return root


def _options(query: str, url: str) -> dict[str, bool]:
    options = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in ("fsync", "mmap") or value not in _VALUES:
            raise InvalidArgument(f"a file:// URL has the options fsync=0 and mmap=1, not {name}={value}: {url!r}")
        options[name] = _VALUES[value]
    return options
