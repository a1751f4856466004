"""The port for bytes in some other place: a disk, an object store."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rrq_core.errors import ObjectMissing
from rrq_core.model.value import Buffer, OffloadEntry

PART = "part-"
"""What names begin with under which a writer keeps what is not whole yet; who collects deletes old ones."""

PROBE = "probe-"
"""What names begin with that `probe` writes and deletes."""


class Offload(ABC):
    """Bytes by name. It never looks into them. One queue owns a root; names are letters, digits, `-` and `.`.

    Several threads may call it at once.
    """

    @abstractmethod
    def mset(self, items: Mapping[str, Buffer]) -> None:
        """Write bytes under names. Each becomes visible whole or not at all; writing the same again is harmless.

        The buffers may change afterwards.
        """

    @abstractmethod
    def mget(self, names: Sequence[str]) -> list[Buffer]:
        """Read the bytes of names, in order. Memory that can be written to is the caller's own.

        Raises:
            ObjectMissing: If some are not there; it names them.
        """

    @abstractmethod
    def mdel(self, names: Sequence[str]) -> None:
        """Delete names; absent ones are fine."""

    @abstractmethod
    def list(self) -> Iterator[OffloadEntry]:
        """Go through all that lies in the root, each with its size and the unix time when it was written."""

    @abstractmethod
    def destroy(self) -> None:
        """Delete the root with all that lies in it."""

    def claim(self, name: str, data: Buffer) -> Buffer:
        """Write bytes under a name unless there are some, and give those that are there now.

        One that can do so in a single step overrides this.
        """
        try:
            return self.mget([name])[0]
        except ObjectMissing:
            self.mset({name: data})
        return self.mget([name])[0]

    def put_file(self, name: str, path: Path) -> None:
        """Take over a file as the bytes of a name; the file may be gone afterwards."""
        self.mset({name: path.read_bytes()})

    def probe(self) -> None:
        """Write, read and delete a small value: does it work from here? Raises what goes wrong."""
        name = f"{PROBE}{secrets.token_hex(8)}"
        self.mset({name: b"probe"})
        try:
            found = bytes(self.mget([name])[0])
        finally:
            self.mdel([name])
        if found != b"probe":
            raise OSError(f"the offload gave back {found!r} for b'probe', which was written a moment before")
