"""The reference `ObjectStore` and `Settings`."""

from collections.abc import Iterator, Mapping, Sequence

from rrq_core.errors import Fenced
from rrq_core.model.ids import Hash, Tag
from rrq_core.model.setting import QUEUE_CONFIGURATION, Connected, SettingKind, SettingName
from rrq_core.model.value import Dropped, Location, NewValue, Placement, PlacementKind, Stored, Written
from rrq_core.model.work import Claim
from rrq_core.ports import ObjectStore, Settings
from tests.contract.reference.reading import stored_value
from tests.contract.reference.server import Shelf, Space, atomic
from tests.contract.reference.transitions import Transitions

DAY = 86_400.0
MOST_CONTROLLERS = 100


class ReferenceObjectStore(ObjectStore):
    """The values on one shelf."""

    def __init__(self, moves: Transitions, prefix: str) -> None:
        self.moves = moves
        self.server = moves.server
        self.prefix = prefix

    @property
    def shelf(self) -> Shelf:
        return self.server.shelves[self.prefix]

    @atomic
    def put(
        self, tag: Tag, values: Sequence[NewValue], claim: Claim | None = None, provisional: bool = False
    ) -> list[Placement]:
        self._refuse(claim)
        if provisional:
            self.shelf.provisional[tag] = self.server.now()
        return [self._place(tag, value) for value in values]

    def _refuse(self, claim: Claim | None) -> None:
        if claim is not None and not self.moves.holds(claim):
            raise Fenced(claim.session.worker)

    def _place(self, tag: Tag, value: NewValue) -> Placement:
        if self.shelf.has(value.hash):
            self.shelf.tags[tag].add(value.hash)
            return Placement(hash=value.hash, kind=PlacementKind.HAVE)
        if value.data is None:
            return Placement(hash=value.hash, kind=PlacementKind.WRITE, name=self._unused_name(value.hash))
        self.shelf.data[value.hash] = bytes(value.data)
        self.shelf.tags[tag].add(value.hash)
        return Placement(hash=value.hash, kind=PlacementKind.STORED)

    def _unused_name(self, value: Hash) -> str:
        """A name in the offload that was not given up within the last day."""
        name, number = str(value), 0
        while name in self.shelf.doomed:
            number += 1
            name = f"{value}-{number}"
        return name

    @atomic
    def commit(self, tag: Tag, written: Sequence[Written], claim: Claim | None = None) -> list[bool]:
        self._refuse(claim)
        return [self._commit(tag, value) for value in written]

    def _commit(self, tag: Tag, written: Written) -> bool:
        if self.shelf.has(written.hash):
            if self.shelf.names.get(written.hash, ("", 0))[0] != written.name:
                self.shelf.doomed[written.name] = self.server.now()
                return False
        elif written.name in self.shelf.doomed:
            return False
        else:
            self.shelf.names[written.hash] = (written.name, written.size)
        self.shelf.tags[tag].add(written.hash)
        return True

    @atomic
    def get(self, hashes: Sequence[Hash]) -> list[Stored | None]:
        return [stored_value(self.shelf, value) for value in hashes]

    @atomic
    def find(self, hashes: Sequence[Hash]) -> list[Location | None]:
        return [self._location(value) for value in hashes]

    def _location(self, value: Hash) -> Location | None:
        if value in self.shelf.data:
            return Location.REDIS
        return Location.OFFLOAD if value in self.shelf.names else None

    @atomic
    def hashes(self) -> Iterator[Hash]:
        return iter([*self.shelf.data, *self.shelf.names])

    @atomic
    def tags(self) -> Iterator[Tag]:
        return iter([tag for tag, values in self.shelf.tags.items() if values])

    @atomic
    def drop(self, tags: Sequence[Tag]) -> Dropped:
        dropped = [self.shelf.untag(tag, self.server.now()) for tag in tags]
        return Dropped(
            hashes=tuple(value for hashes, _ in dropped for value in hashes),
            names=tuple(name for _, names in dropped for name in names),
        )

    @atomic
    def collect(self, old: Sequence[str]) -> list[str]:
        now = self.server.now()
        self.moves.space.collected = now
        in_use = {name for name, _ in self.shelf.names.values()}
        for name in old:
            if name not in in_use and is_name_of_value(name):
                self.shelf.doomed.setdefault(name, now)
        told = list(self.shelf.doomed)
        for name in [name for name, since in self.shelf.doomed.items() if now - since > DAY]:
            del self.shelf.doomed[name]
        return told

    @atomic
    def destroy(self) -> None:
        self.server.shelves.pop(self.prefix, None)


def is_name_of_value(name: str) -> bool:
    """Whether a name in the offload has the form of a value's: its hash, or with a number behind."""
    value, dash, number = name.partition("-")
    is_hash = len(value) == 32 and set(value) <= set("0123456789abcdef")
    return is_hash and (number.isdigit() if dash else True)


class ReferenceSettings(Settings):
    """Settings of one queue id, in a dict."""

    def __init__(self, moves: Transitions) -> None:
        self.moves = moves
        self.server = moves.server

    @property
    def space(self) -> Space:
        return self.moves.space

    @atomic
    def connect(self, schema: str, info: bytes, defaults: Mapping[SettingName, bytes]) -> Connected:
        self.space.schema = self.space.schema or schema
        for name, value in defaults.items():
            self.space.settings.setdefault(name, value)
        self.space.controllers = [info, *self.space.controllers][:MOST_CONTROLLERS]
        return Connected(schema=self.space.schema, configuration=self.space.settings[QUEUE_CONFIGURATION])

    @atomic
    def get(self, name: SettingName) -> bytes | None:
        return self.space.settings.get(name)

    @atomic
    def put(self, name: SettingName, value: bytes | None, if_absent: bool = False) -> bool:
        if if_absent and name in self.space.settings:
            return False
        if value is None:
            self.space.settings.pop(name, None)
        else:
            self.space.settings[name] = value
        return True

    @atomic
    def names(self, kind: SettingKind) -> list[SettingName]:
        return [name for name in self.space.settings if name.kind is kind]
