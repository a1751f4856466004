"""Stored values: bytes known by the hash of their content, and where they lie."""

from enum import StrEnum
from mmap import mmap

from attrs import field, frozen

from rrq_core.model.ids import Hash, TaskId

Buffer = bytes | bytearray | memoryview | mmap


class Location(StrEnum):
    """Where the bytes of a value are."""

    REDIS = "redis"
    OFFLOAD = "offload"


class PlacementKind(StrEnum):
    """What a store did, or wants done, with a value it was given."""

    HAVE = "HAVE"
    STORED = "STORED"
    WRITE = "WRITE"


@frozen(kw_only=True)
class NewValue:
    """A value to store. `data` is None when the bytes go to the offload."""

    hash: Hash
    size: int
    data: Buffer | None = field(repr=False)


@frozen(kw_only=True)
class Placement:
    """The store's answer for one value: HAVE and STORED need nothing more, WRITE asks for the bytes under `name`."""

    hash: Hash
    kind: PlacementKind
    name: str | None = None


@frozen(kw_only=True)
class Written:
    """Bytes that now lie whole in the offload under `name`."""

    hash: Hash
    name: str
    size: int


@frozen(kw_only=True)
class Stored:
    """A value as the store has it: its bytes, or its name in the offload."""

    data: Buffer | None = field(repr=False)
    name: str | None
    size: int


@frozen(kw_only=True)
class Dropped:
    """What a deletion did: the tasks that are gone, the hashes that nobody uses now, the offload names to delete."""

    tasks: tuple[TaskId, ...] = ()
    hashes: tuple[Hash, ...] = ()
    names: tuple[str, ...] = ()


@frozen(kw_only=True)
class OffloadEntry:
    """One name in an offload. `modified` is in unix seconds."""

    name: str
    size: int
    modified: float
