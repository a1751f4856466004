"""Whether the offload has what the store says that it has."""

from collections.abc import Iterator
from itertools import islice

from rrq_core.errors import ConfigurationTaken, OffloadError, PluginError
from rrq_core.model.ids import Hash
from rrq_core.model.report import Law, Violation
from rrq_core.model.value import Location, Stored
from rrq_core.ports import ObjectStore
from rrq_core.store.space import OffloadSpace

UNUSABLE = (OffloadError, ConfigurationTaken, PluginError)
"""What tells that an offload cannot be used from here."""

_PORTION = 500


def violations(objects: ObjectStore, space: OffloadSpace) -> Iterator[Violation]:
    """Find values whose bytes are gone from their offload, or are too few. It may be called while the queue is in use.

    Nobody can mend that. One that goes meanwhile with its last tag is not meant.
    """
    expected = dict(_offloaded(objects))
    if not expected:
        return
    try:
        sizes = space.sizes()
    except UNUSABLE as error:
        yield unusable(space, error)
        return
    suspects = [hash for hash, stored in expected.items() if sizes.get(str(stored.name)) != stored.size]
    for first in range(0, len(suspects), _PORTION):
        portion = suspects[first : first + _PORTION]
        for hash, stored in zip(portion, objects.get(portion), strict=True):
            if stored == expected[hash]:
                yield _violation(hash, stored, sizes.get(str(stored.name)), space)


def unusable(space: OffloadSpace, error: Exception) -> Violation:
    """Tell that an offload cannot be used from here."""
    return Violation(law=Law.VALUE, subject=space.shown, sentence=str(error))


def _offloaded(objects: ObjectStore) -> Iterator[tuple[Hash, Stored]]:
    every = iter(objects.hashes())
    while portion := list(islice(every, _PORTION)):
        places = zip(portion, objects.find(portion), strict=True)
        large = [hash for hash, place in places if place is Location.OFFLOAD]
        for hash, stored in zip(large, objects.get(large) if large else (), strict=True):
            if stored is not None and stored.name is not None:
                yield hash, stored


def _violation(hash: Hash, stored: Stored, size: int | None, space: OffloadSpace) -> Violation:
    what = "is not there" if size is None else f"has {size} bytes there, and should have {stored.size}"
    sentence = (
        f"the value {hash} is damaged: {stored.name!r} in the offload {space.shown} {what}; what needs it fails, and "
        "the same value is written anew only once that was deleted"
    )
    return Violation(law=Law.VALUE, subject=hash, sentence=sentence)
