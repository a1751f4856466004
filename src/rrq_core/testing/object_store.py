"""The contract of the port `ObjectStore`."""

from collections.abc import Iterator

import pytest

from rrq_core.errors import Fenced
from rrq_core.model.ids import Tag
from rrq_core.model.status import WorkerStatus
from rrq_core.model.task import TaskChange
from rrq_core.model.value import Dropped, Location, NewValue, Placement, PlacementKind, Stored, Written
from rrq_core.model.work import Claim
from rrq_core.ports import Backend, ObjectStore
from rrq_core.testing.builders import new_task, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import unchanged

ONE, TWO = Tag("one"), Tag("a:b *")
SMALL, OTHER = new_value(b"\0small\r\n"), new_value(b"other")
LARGE = new_value(b"large", is_large=True)


def write(store: ObjectStore, tag: Tag, value: NewValue = LARGE) -> str:
    """Store a large value as its writer does, without its bytes; answers its name in the offload."""
    name = store.put(tag, [value])[0].name
    assert name is not None
    assert store.commit(tag, [Written(hash=value.hash, name=name, size=value.size)]) == [True]
    return name


class StoreCase(ContractCase):
    """A store of values that belongs to no queue's tasks."""

    @pytest.fixture
    def store(self, backend: Backend) -> Iterator[ObjectStore]:
        """An empty store; it is destroyed afterwards."""
        store = backend.objects_at(f"store of {backend.queue_id}")
        yield store
        store.destroy()


class StoredTests(StoreCase):
    """Values that lie in the store itself."""

    def test_a_value_is_read_as_it_was_put(self, store: ObjectStore) -> None:
        placed = store.put(ONE, [SMALL])
        again = [Placement(hash=SMALL.hash, kind=PlacementKind.HAVE)]
        self.assert_answer(placed, [Placement(hash=SMALL.hash, kind=PlacementKind.STORED)], again)
        found = store.get([SMALL.hash])[0]
        assert found is not None
        assert found.data is not None
        assert (bytes(found.data), found.name, found.size) == (SMALL.data, None, SMALL.size)
        assert store.find([SMALL.hash]) == [Location.REDIS]

    @pytest.mark.parametrize("data", [b"", bytes(range(256)), b"x" * 1_000_000], ids=["0", "256", "1M"])
    def test_a_value_may_be_any_bytes(self, store: ObjectStore, data: bytes) -> None:
        value = new_value(data)
        store.put(ONE, [value])
        found = store.get([value.hash])[0]
        assert found is not None
        assert found.data is not None
        assert bytes(found.data) == data

    @pytest.mark.parametrize("kind", [bytearray, memoryview])
    def test_a_value_may_come_in_any_buffer(self, store: ObjectStore, kind: type[bytearray] | type[memoryview]) -> None:
        value = new_value(kind(b"in a buffer"))
        store.put(ONE, [value])
        found = store.get([value.hash])[0]
        assert found is not None
        assert found.data is not None
        assert bytes(found.data) == b"in a buffer"

    def test_the_same_bytes_are_kept_once(self, store: ObjectStore) -> None:
        store.put(ONE, [SMALL, SMALL])
        assert store.put(TWO, [SMALL]) == [Placement(hash=SMALL.hash, kind=PlacementKind.HAVE)]
        assert list(store.hashes()) == [SMALL.hash]

    def test_an_object_lives_while_any_tag_points_at_it(self, store: ObjectStore) -> None:
        store.put(ONE, [SMALL])
        store.put(TWO, [SMALL])
        assert store.drop([ONE]) == Dropped()
        assert store.find([SMALL.hash]) == [Location.REDIS]
        self.assert_answer(store.drop([TWO]), Dropped(hashes=(SMALL.hash,)), Dropped())
        assert store.find([SMALL.hash]) == [None]
        assert store.get([SMALL.hash]) == [None]

    def test_a_tag_points_at_many_values(self, store: ObjectStore) -> None:
        store.put(ONE, [SMALL])
        store.put(ONE, [OTHER])
        store.put(TWO, [OTHER])
        dropped = store.drop([ONE])
        self.assert_answer(dropped, Dropped(hashes=(SMALL.hash,)), Dropped())
        assert set(store.hashes()) == {OTHER.hash}

    def test_tags_and_hashes_are_listed(self, store: ObjectStore) -> None:
        assert (list(store.tags()), list(store.hashes())) == ([], [])
        store.put(ONE, [SMALL, OTHER])
        store.put(TWO, [OTHER])
        assert (set(store.tags()), set(store.hashes())) == ({ONE, TWO}, {SMALL.hash, OTHER.hash})

    def test_a_dropped_tag_is_not_listed(self, store: ObjectStore) -> None:
        store.put(ONE, [SMALL])
        store.put(TWO, [SMALL])
        store.drop([ONE])
        assert set(store.tags()) == {TWO}

    def test_dropping_what_is_unknown_changes_nothing(self, store: ObjectStore) -> None:
        store.put(ONE, [SMALL])
        assert store.drop([Tag("never used")]) == Dropped()
        assert store.drop([]) == Dropped()
        assert set(store.tags()) == {ONE}

    def test_many_values_are_read_in_order(self, store: ObjectStore) -> None:
        values = [new_value(str(number).encode()) for number in range(600)]
        store.put(ONE, values)
        asked = [value.hash for value in values]
        found = [stored and stored.data and bytes(stored.data) for stored in store.get(asked)]
        assert found == [value.data for value in values]
        assert store.find([OTHER.hash, *asked[:2]]) == [None, Location.REDIS, Location.REDIS]

    def test_nothing_to_do_is_fine(self, store: ObjectStore) -> None:
        assert (store.put(ONE, []), store.commit(ONE, []), store.get([]), store.find([])) == ([], [], [], [])
        assert list(store.tags()) == []

    def test_a_value_that_went_can_come_again(self, store: ObjectStore) -> None:
        for _ in range(2):
            store.put(ONE, [SMALL])
            assert store.find([SMALL.hash]) == [Location.REDIS]
            store.drop([ONE])

    def test_a_destroyed_store_is_empty(self, store: ObjectStore) -> None:
        store.put(ONE, [SMALL], provisional=True)
        write(store, TWO)
        store.destroy()
        assert (list(store.tags()), list(store.hashes()), store.collect([])) == ([], [], [])

    def test_stores_are_apart(self, backend: Backend, store: ObjectStore) -> None:
        others = [backend.objects_at(f"store of {backend.queue_id}{ending}") for ending in ("x", ":data", "*")]
        for other in (*others, store, backend.objects):
            other.put(ONE, [SMALL])
        store.destroy()
        for other in (*others, backend.objects):
            assert (list(other.tags()), list(other.hashes())) == ([ONE], [SMALL.hash])
            other.destroy()


class OffloadedTests(StoreCase):
    """Values whose bytes lie in the offload; here is their name."""

    def test_a_large_value_is_asked_for_and_there_when_it_is_committed(self, store: ObjectStore) -> None:
        placed = store.put(ONE, [LARGE])[0]
        assert (placed.kind, placed.hash) == (PlacementKind.WRITE, LARGE.hash)
        assert placed.name == LARGE.hash
        assert (store.find([LARGE.hash]), list(store.tags())) == ([None], [])
        assert store.commit(ONE, [Written(hash=LARGE.hash, name=placed.name, size=5)]) == [True]
        assert store.find([LARGE.hash]) == [Location.OFFLOAD]
        assert store.get([LARGE.hash]) == [Stored(data=None, name=placed.name, size=5)]
        assert list(store.tags()) == [ONE]

    def test_a_large_value_that_is_there_is_not_written_again(self, store: ObjectStore) -> None:
        write(store, ONE)
        assert store.put(TWO, [LARGE]) == [Placement(hash=LARGE.hash, kind=PlacementKind.HAVE)]
        assert store.drop([ONE]) == Dropped()
        assert store.find([LARGE.hash]) == [Location.OFFLOAD]

    def test_the_name_of_a_value_that_goes_comes_back_for_deletion(self, store: ObjectStore) -> None:
        name = write(store, ONE)
        self.assert_answer(store.drop([ONE]), Dropped(hashes=(LARGE.hash,), names=(name,)), Dropped())
        assert store.collect([]) == [name]

    def test_a_name_is_never_used_twice(self, store: ObjectStore) -> None:
        names = []
        for _ in range(3):
            names.append(write(store, ONE))
            store.drop([ONE])
        assert names == [LARGE.hash, f"{LARGE.hash}-1", f"{LARGE.hash}-2"]

    def test_a_name_that_was_given_up_meanwhile_is_not_committed(self, store: ObjectStore) -> None:
        late = store.put(ONE, [LARGE])[0].name or ""
        write(store, TWO)
        store.drop([TWO])
        assert store.commit(ONE, [Written(hash=LARGE.hash, name=late, size=5)]) == [False]
        assert store.find([LARGE.hash]) == [None]
        assert write(store, ONE) != late

    def test_a_second_writer_uses_the_copy_of_the_first(self, store: ObjectStore) -> None:
        first = store.put(ONE, [LARGE])[0].name or ""
        write(store, Tag("in between"))
        store.drop([Tag("in between")])
        second = write(store, TWO)
        assert store.commit(ONE, [Written(hash=LARGE.hash, name=first, size=5)]) == [False]
        assert store.put(ONE, [LARGE]) == [Placement(hash=LARGE.hash, kind=PlacementKind.HAVE)]
        assert store.get([LARGE.hash]) == [Stored(data=None, name=second, size=5)]
        assert first in store.collect([])
        assert second not in store.collect([])

    def test_a_commit_sent_again_changes_nothing(self, store: ObjectStore) -> None:
        name = write(store, ONE)
        assert store.commit(ONE, [Written(hash=LARGE.hash, name=name, size=5)]) == [True]
        assert store.get([LARGE.hash]) == [Stored(data=None, name=name, size=5)]
        assert store.collect([]) == []

    def test_collecting_finds_what_nothing_refers_to(self, store: ObjectStore) -> None:
        name, orphan = write(store, ONE), new_value(b"orphan").hash
        assert store.collect([name, orphan]) == [orphan]
        assert store.put(TWO, [new_value(b"orphan", is_large=True)])[0].name == f"{orphan}-1"

    def test_collecting_leaves_alone_what_is_no_value(self, store: ObjectStore) -> None:
        assert store.collect(["rrq-queue.json", "probe-0123456789abcdef"]) == []

    def test_what_was_given_up_is_told_again(self, store: ObjectStore) -> None:
        name = write(store, ONE)
        store.drop([ONE])
        assert store.collect([]) == store.collect([]) == [name]


class ClaimedTests(ContractCase):
    """Values that a worker stores for its task."""

    def test_a_claim_that_holds_may_store(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        claim = hand.submit_and_take(task).claim
        backend.objects.put(Tag(task.id), [SMALL], claim)
        name = backend.objects.put(Tag(task.id), [LARGE], claim)[0].name or ""
        assert backend.objects.commit(Tag(task.id), [Written(hash=LARGE.hash, name=name, size=5)], claim) == [True]
        assert backend.objects.find([SMALL.hash, LARGE.hash]) == [Location.REDIS, Location.OFFLOAD]

    def test_the_place_of_a_checkpoint_that_was_replaced_is_to_be_deleted(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        claim, tag = hand.submit_and_take(task).claim, Tag(f"{task.id}:checkpoint")
        name = write(backend.objects, tag)
        assert backend.queue.update(claim, TaskChange(checkpoint=LARGE.hash)).names == ()
        self.assert_answer(backend.queue.update(claim, TaskChange(checkpoint=SMALL)).names, (name,), ())
        assert backend.objects.find([LARGE.hash]) == [None]
        backend.queue.delete([task.id], even_running=True)

    def assert_stores_nothing(self, backend: Backend, claim: Claim) -> None:
        """Hold that this claim stores nothing."""
        with unchanged(backend):
            with pytest.raises(Fenced):
                backend.objects.put(Tag(claim.task), [SMALL], claim)
            with pytest.raises(Fenced):
                backend.objects.commit(Tag(claim.task), [Written(hash=LARGE.hash, name=LARGE.hash, size=5)], claim)

    def test_nothing_is_stored_for_a_task_that_has_ended(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task())
        hand.complete(work)
        self.assert_stores_nothing(backend, work.claim)

    def test_nothing_is_stored_for_a_task_that_was_deleted(self, backend: Backend) -> None:
        hand, task = Hand(backend), new_task()
        work = hand.submit_and_take(task)
        backend.queue.delete([task.id], even_running=True)
        self.assert_stores_nothing(backend, work.claim)

    def test_nothing_is_stored_by_who_has_gone(self, backend: Backend) -> None:
        hand = Hand(backend)
        work = hand.submit_and_take(new_task())
        backend.workers.leave(hand.session, WorkerStatus.LOST, "")
        self.assert_stores_nothing(backend, work.claim)


class ObjectStoreTests(StoredTests, OffloadedTests, ClaimedTests):
    """The laws of the port `ObjectStore`."""
