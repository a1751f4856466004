"""The protocol of the offload, in every order of the steps of those who write, drop and collect."""

import math
import secrets
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress

import pytest

from rrq_core.errors import ObjectMissing
from rrq_core.model.ids import QueueId, Tag
from rrq_core.model.queue_configuration import QueueConfiguration
from rrq_core.model.value import Buffer, NewValue, OffloadEntry, Written
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend, ObjectStore, Offload
from rrq_core.store import OffloadSpace, Owner, ValueStore
from rrq_core.store.space import OWNER_FILE
from rrq_core.testing import new_value
from tests.unit.store.racing import Actor, Race, Raced, all_orders

VALUE = new_value(b"large")
A, B, C = Tag("a"), Tag("b"), Tag("c")

Act = Callable[[ValueStore, ObjectStore], object]


class Shelf(Offload):
    """Bytes by name, all of them so old that whoever collects looks at them."""

    def __init__(self) -> None:
        self.items: dict[str, bytes] = {}

    def mset(self, items: Mapping[str, Buffer]) -> None:
        self.items.update({name: bytes(data) for name, data in items.items()})

    def mget(self, names: Sequence[str]) -> list[Buffer]:
        if missing := [name for name in names if name not in self.items]:
            raise ObjectMissing(missing)
        return [self.items[name] for name in names]

    def mdel(self, names: Sequence[str]) -> None:
        for name in names:
            self.items.pop(name, None)

    def list(self) -> Iterator[OffloadEntry]:
        return iter([OffloadEntry(name=name, size=len(data), modified=0.0) for name, data in self.items.items()])

    def destroy(self) -> None:
        self.items.clear()


class World:
    """One store and its offload: as they are, and as actors see them, who are stopped before each call."""

    def __init__(self) -> None:
        self.queue_id = QueueId(secrets.token_hex(8))
        self.backend: Backend = open_backend("memory://races", self.queue_id)
        self.shelf = Shelf()
        self.plain = self._values(self.backend.objects, self.shelf)
        self.plain.space and self.plain.space.claim()
        self.objects: ObjectStore = Raced(self.backend.objects)  # type: ignore[assignment]  # it has its methods
        raced: Offload = Raced(self.shelf)  # type: ignore[assignment]  # likewise
        self.raced = raced

    def _values(self, objects: ObjectStore, offload: Offload) -> ValueStore:
        space = OffloadSpace("", Owner("q", "token"), lambda _: offload)
        return ValueStore(objects, QueueConfiguration(store_max_size=1), space)

    def actor(self, act: Act) -> Actor:
        values = self._values(self.objects, self.raced)
        values.space.__dict__["_seen_at"] = math.inf  # that was seen to before
        return Actor(lambda: act(values, self.objects))

    def see(self) -> Hashable:
        connections = self.backend.objects._connections  # type: ignore[attr-defined]  # no port shows what is doomed
        doomed = connections.call("ZRANGE", f"{self.queue_id}:object_store:doomed", 0, -1)
        stored = self.backend.objects.get([VALUE.hash])
        return str(stored), str(doomed), tuple(self.backend.objects.tags()), frozenset(self.shelf.items)

    def check(self) -> None:
        (found,) = self.backend.objects.get([VALUE.hash])
        if found is not None:
            assert found.name in self.shelf.items, f"{found.name} is referred to and is not there"

    def check_after_collecting(self) -> None:
        """When nobody uses anything any more, collecting leaves nothing."""
        self.plain.discard(self.backend.objects.drop([A, B, C]).names, told_at=float("inf"))
        self.plain.collect()
        self.check_at_the_end()

    def check_at_the_end(self) -> None:
        """Nothing is left."""
        self.plain.discard(self.backend.objects.drop([A, B, C]).names, told_at=float("inf"))
        self.backend.close()
        assert set(self.shelf.items) == {OWNER_FILE}, f"{set(self.shelf.items)} are left behind"


def race(*acts: Act, first: Act | None = None, collecting: bool = True) -> Race:
    world = World()
    if first is not None:
        first(world.plain, world.backend.objects)
    return Race(
        actors=[world.actor(act) for act in acts],
        see=world.see,
        check=world.check,
        check_at_the_end=world.check_after_collecting if collecting else world.check_at_the_end,
    )


def write(tag: Tag) -> Act:
    return lambda values, objects: values.put(tag, [VALUE])


def drop(tag: Tag) -> Act:
    return lambda values, objects: values.discard(objects.drop([tag]).names, told_at=float("inf"))


def collect(values: ValueStore, objects: ObjectStore) -> None:
    values.collect()


def read(values: ValueStore, objects: ObjectStore) -> None:
    with suppress(ObjectMissing):
        (data,) = values.get([VALUE.hash])
        assert data in (None, VALUE.data)


@pytest.mark.parametrize(
    ("first", "acts"),
    [
        (None, (write(A), write(B), drop(A))),
        (None, (write(A), write(B), collect)),
        (None, (write(A), drop(A), collect)),
        (write(C), (write(A), drop(C), collect)),
        (write(C), (write(A), drop(C), read)),
        (write(C), (write(A), write(B), drop(C), collect)),
    ],
    ids=[
        "two writers, a dropper",
        "two writers, a collector",
        "one of each",
        "the last tag goes",
        "a reader",
        "all at once",
    ],
)
def test_in_every_order_nothing_is_missing_and_nothing_is_left(first: Act | None, acts: Sequence[Act]) -> None:
    findings = all_orders(lambda: race(*acts, first=first))
    assert findings.ends > 1
    assert len(findings.states) > 10


@pytest.mark.parametrize(
    ("first", "acts"), [(None, (write(A), write(B), drop(A))), (write(C), (write(A), drop(C), write(B)))]
)
def test_where_nobody_dies_nothing_is_left_for_those_who_collect(first: Act | None, acts: Sequence[Act]) -> None:
    findings = all_orders(lambda: race(*acts, first=first, collecting=False))
    assert findings.ends > 1


def refer_before_writing(values: ValueStore, objects: ObjectStore) -> None:
    (placement,) = objects.put(A, [NewValue(hash=VALUE.hash, size=VALUE.size, data=None)])
    written = Written(hash=VALUE.hash, name=str(placement.name), size=VALUE.size)
    objects.commit(A, [written])
    if values.space is not None:
        values.space.write(written.name, VALUE.data or b"")


def delete_what_was_once_given_up(values: ValueStore, objects: ObjectStore) -> None:
    """Delete by hash, as if names were used again."""
    objects.drop([C])
    if values.space is not None and objects.find([VALUE.hash]) == [None]:
        values.space.delete([VALUE.hash, f"{VALUE.hash}-1"], told_at=float("inf"))


@pytest.mark.parametrize(
    ("first", "acts"),
    [(None, (refer_before_writing, drop(B))), (write(C), (write(A), delete_what_was_once_given_up))],
    ids=["referring before writing", "deleting by hash"],
)
def test_a_protocol_that_is_wrong_is_found_out(first: Act | None, acts: Sequence[Act]) -> None:
    with pytest.raises(AssertionError, match="is referred to and is not there"):
        all_orders(lambda: race(*acts, first=first))
