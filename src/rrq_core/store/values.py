"""Putting values where they belong, and getting them back."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from attrs import evolve

from rrq_core.errors import ObjectMissing, OffloadError, ValueTooLarge
from rrq_core.model.ids import Hash, Tag
from rrq_core.model.queue_configuration import LARGEST_IN_STORE, QueueConfiguration
from rrq_core.model.report import Recovered, Violation
from rrq_core.model.value import Buffer, NewValue, Placement, PlacementKind, Stored, Written
from rrq_core.model.work import Claim
from rrq_core.ports import PART, PROBE, ObjectStore
from rrq_core.store.cache import ValueCache
from rrq_core.store.checking import UNUSABLE, unusable, violations
from rrq_core.store.space import OffloadSpace, Owner

ASK_FIRST = 64 * 1024
"""Bytes above which a value is sent only if it is not there."""

TOGETHER = 1024 * 1024
"""Bytes of values that go in one call, about."""

_SLOW = 12 * 3600.0  # seconds after which a name that was given out may not be free any more
_MOST_LOOKS = 3


class ValueStore:
    """The values of one queue, or of an object store that stands for itself, as bytes.

    Args:
        objects: The store.
        configuration: What goes to the offload.
        space: The offload, None where there is none.
        cache: Keeps what was read; None: nothing is kept.
    """

    def __init__(
        self,
        objects: ObjectStore,
        configuration: QueueConfiguration,
        space: OffloadSpace | None,
        cache: ValueCache | None = None,
    ) -> None:
        self._objects = objects
        self._configuration = configuration
        self.space = space
        self._cache = cache

    @classmethod
    def of(
        cls, objects: ObjectStore, name: str, configuration: QueueConfiguration, cache: ValueCache | None = None
    ) -> "ValueStore":
        """Make that of the queue `name`, of what is configured for it."""
        url = configuration.offload
        space = None if url is None else OffloadSpace(url, Owner(name, configuration.owner))
        return cls(objects, configuration, space, cache)

    def is_large(self, value: NewValue) -> bool:
        """Tell whether a value goes to the offload."""
        return self._configuration.is_large(value.size)

    def check_size(self, value: NewValue, what: str = "a value") -> None:
        """Make sure that there is a place for a value.

        Raises:
            ValueTooLarge: If there is none.
        """
        if self.space is None and self.is_large(value):
            raise ValueTooLarge(_no_place(value, what, self._configuration.store_max_size))

    def put(self, tag: Tag, values: Sequence[NewValue], claim: Claim | None = None, provisional: bool = False) -> None:
        """Store values, each where it belongs, and tag them. What is there already is neither sent nor written again.

        Raises:
            ValueTooLarge: If one is too large, and there is no offload. Nothing was written.
            OffloadError: If the offload fails. Nothing refers to what was written there.
            UnknownScheme: If no plugin serves the offload.
            Fenced: If the claim does not hold. Nothing was tagged.
            BackendError: What the store answers.
        """
        for value in values:
            self.check_size(value)
        for portion in _portions(values):
            asked_at = time.time()
            first = [_bare(value) if value.size > ASK_FIRST or self.is_large(value) else value for value in portion]
            placements = self._objects.put(tag, first, claim, provisional)
            for value, placement in zip(portion, placements, strict=True):
                if placement.kind is PlacementKind.WRITE:
                    self._bring(tag, value, placement, asked_at, claim, provisional)

    def _bring(
        self, tag: Tag, value: NewValue, placement: Placement, asked_at: float, claim: Claim | None, provisional: bool
    ) -> None:
        """Store a value that is not there."""
        if self.space is None or not self.is_large(value):
            self._objects.put(tag, [value], claim, provisional)
            return
        while placement.kind is PlacementKind.WRITE:
            name = str(placement.name)
            self.space.write(name, value.data or b"")
            written = Written(hash=value.hash, name=name, size=value.size)
            if time.time() - asked_at < _SLOW:
                if self._objects.commit(tag, [written], claim)[0]:
                    return
                self.discard([name], asked_at)
            asked_at = time.time()
            (placement,) = self._objects.put(tag, [_bare(value)], claim, provisional)

    def get(self, hashes: Sequence[Hash]) -> list[Buffer | None]:
        """Read values, in order; None for unknown ones.

        Raises:
            ObjectMissing: If one is known, and its bytes are not in the offload.
            OffloadError: If the offload fails, or has not all bytes of one.
            UnknownScheme: If no plugin serves the offload.
            BackendError: What the store answers.
        """
        wanted = dict.fromkeys(hashes)
        known = {hash: None if self._cache is None else self._cache.find(hash) for hash in wanted}
        absent = [hash for hash, data in known.items() if data is None]
        for hash, stored in zip(absent, self._objects.get(absent) if absent else (), strict=True):
            known[hash] = None if stored is None else self._read(hash, stored)
        return [known[hash] for hash in hashes] if len(wanted) == len(hashes) else _apart(hashes, known)

    def _read(self, hash: Hash, stored: Stored) -> Buffer:
        data = self.bytes_of(hash, stored)
        return data if self._cache is None else self._cache.kept(hash, data)

    def bytes_of(self, hash: Hash, stored: Stored) -> Buffer:
        """Give the bytes of a value that was found.

        Raises:
            ObjectMissing, OffloadError, UnknownScheme, BackendError: As `get`.
        """
        for _ in range(_MOST_LOOKS):
            if stored.data is not None:
                return stored.data
            try:
                return self._space_of(hash).read(hash, stored)
            except ObjectMissing:
                (again,) = self._objects.get([hash])
                if again == stored:
                    raise
                if again is None:
                    raise ObjectMissing([hash]) from None
                stored = again  # it went, and was written anew under another name
        raise ObjectMissing([hash], "it is written anew all the time")

    def _space_of(self, hash: Hash) -> OffloadSpace:
        if self.space is None:
            raise OffloadError(f"the value {hash} is in an offload, and none is configured here: give offload=")
        return self.space

    def violations(self, repair: bool = False) -> list[Violation]:
        """Find values whose bytes are not in the offload where they should be.

        Args:
            repair: Whether to delete from the offload what nothing refers to.
        """
        if self.space is None:
            return []
        if repair:
            try:
                self.collect()
            except UNUSABLE as error:
                return [unusable(self.space, error)]
        return [*violations(self._objects, self.space)]

    def take_back(self, tag: Tag) -> None:
        """Take away a tag under which values were put in vain, and what nothing else points at.

        Raises:
            BackendError: What the store answers.
        """
        told_at = time.time()
        self.discard(self._objects.drop([tag]).names, told_at)

    def discard(self, names: Sequence[str], told_at: float) -> None:
        """Delete names of the offload that were given up. What cannot be deleted now is for who collects.

        Args:
            names: What to delete.
            told_at: When we asked what to delete, by `time.time`.
        """
        if names and self.space is not None:
            with suppress(*UNUSABLE):
                self.space.delete(names, told_at)

    def look_after(self, recovered: Recovered, told_at: float) -> None:
        """Do what `Queue.recover` leaves to do in the offload. What cannot be done now is for the next.

        Args:
            recovered: Its answer.
            told_at: When it was called, by `time.time`.
        """
        self.discard(recovered.names, told_at)
        if recovered.collect_due:
            with suppress(*UNUSABLE):
                self.collect()

    def collect(self) -> None:
        """Delete from the offload what nothing refers to: what was given up, and traces of writers that died.

        Raises:
            ConfigurationTaken: If the offload is another's.
            OffloadError: If the offload fails, or is not the place that was configured.
            UnknownScheme: If no plugin serves it.
        """
        if self.space is not None:
            old = self.space.old_names()
            traces = [name for name in old if name.startswith((PART, PROBE))]
            told_at = time.time()
            self.space.delete([*traces, *self._objects.collect(old)], told_at)


def _apart(hashes: Sequence[Hash], known: Mapping[Hash, Buffer | None]) -> list[Buffer | None]:
    """Give each value as often as it is asked for, from the second time on read-only: so nobody shares memory."""
    found: list[Buffer | None] = []
    given = set[Hash]()
    for hash in hashes:
        data = known[hash]
        found.append(memoryview(data).toreadonly() if data is not None and hash in given else data)
        given.add(hash)
    return found


def _bare(value: NewValue) -> NewValue:
    return evolve(value, data=None)


def _portions(values: Sequence[NewValue]) -> Iterator[Sequence[NewValue]]:
    """Cut values into portions of which each sends little at once."""
    first, size = 0, 0
    for at, value in enumerate(values):
        sent = value.size if value.size <= ASK_FIRST else 0
        if at > first and size + sent > TOGETHER:
            yield values[first:at]
            first, size = at, 0
        size += sent
    if values:
        yield values[first:]


def _no_place(value: NewValue, what: str, limit: float) -> str:
    is_chosen = limit < LARGEST_IN_STORE
    most = f"the queue's store_max_size is {limit:g}" if is_chosen else f"{LARGEST_IN_STORE} is the most"
    larger = "; or choose a larger store_max_size, up to 512 MiB" if is_chosen else ""
    return (
        f"{what} has {value.size} bytes, and {most}; there is no offload for larger ones. Configure the queue with an "
        "offload, before anyone connects: configure(queue_id, offload='/a/shared/directory'); or send less: a path, or "
        f"parts{larger}"
    )
