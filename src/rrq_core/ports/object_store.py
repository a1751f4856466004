"""The port for values: bytes by the hash of their content, counted by tags."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from rrq_core.model.ids import Hash, Tag
from rrq_core.model.value import Dropped, Location, NewValue, Placement, Stored, Written
from rrq_core.model.work import Claim


class ObjectStore(ABC):
    """Values under one prefix. A value lives while at least one tag points at it, and soon after nobody has its bytes.

    The same bytes are kept once. Large values lie in the offload; here is only their name there, which is never used
    twice. Calls that carry a claim are refused when it no longer holds.
    """

    @abstractmethod
    def put(
        self, tag: Tag, values: Sequence[NewValue], claim: Claim | None = None, provisional: bool = False
    ) -> list[Placement]:
        """Tag values, storing those that bring bytes and are not there.

        Returns:
            For each: HAVE (was there), STORED, or WRITE with the offload name under which its bytes are wanted; it is
            tagged by `commit` once they are there.
        Raises:
            Fenced: If the claim does not hold. Nothing was tagged.
        """

    @abstractmethod
    def commit(self, tag: Tag, written: Sequence[Written], claim: Claim | None = None) -> list[bool]:
        """Tag values whose bytes now lie in the offload. False: the name is given up, delete it and put again.

        That is so where all that referred to the name has gone meanwhile, and where another writer was first.

        Raises:
            Fenced: If the claim does not hold. Nothing was tagged.
        """

    @abstractmethod
    def get(self, hashes: Sequence[Hash]) -> list[Stored | None]:
        """Read values: bytes, or the offload's name and length; None for unknown ones."""

    @abstractmethod
    def find(self, hashes: Sequence[Hash]) -> list[Location | None]:
        """Tell where the bytes of values are; None for unknown ones."""

    @abstractmethod
    def hashes(self) -> Iterator[Hash]:
        """Go through the hashes of all values, in any order, in portions."""

    @abstractmethod
    def tags(self) -> Iterator[Tag]:
        """Go through all tags that point at something, in any order, in portions."""

    @abstractmethod
    def drop(self, tags: Sequence[Tag]) -> Dropped:
        """Take tags away; values that no tag points at any more go, and their offload names come back for deletion."""

    @abstractmethod
    def collect(self, old: Sequence[str]) -> list[str]:
        """Find offload names to delete: those given up and not yet gone, and of `old` those that nothing refers to.

        Args:
            old: Names that have lain in the offload for a day or longer.
        """

    @abstractmethod
    def destroy(self) -> None:
        """Delete every key of this store."""
