"""Values by the protocol of the offload, on the real store in memory."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import frozen

from rrq_core.errors import ConfigurationTaken, Fenced, ObjectMissing, OffloadError, ValueTooLarge
from rrq_core.model.ids import QueueId, Tag
from rrq_core.model.queue_configuration import QueueConfiguration
from rrq_core.model.value import Location, NewValue, Stored
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend, ObjectStore
from rrq_core.store import OffloadSpace, Owner, ValueCache, ValueStore
from rrq_core.store import space as space_module
from rrq_core.store import values as values_module
from rrq_core.store.space import OWNER_FILE
from rrq_core.testing import Hand, new_task, new_value

LIMIT = 100
SMALL, LARGE, LARGER = new_value(b"s" * LIMIT), new_value(b"l" * (LIMIT + 1)), new_value(b"m" * 1000)
TAG = Tag("tag")


@frozen(kw_only=True)
class Shelf:
    """A store with a directory as its offload."""

    backend: Backend
    values: ValueStore
    root: Path

    def names(self) -> set[str]:
        return {path.name for path in self.root.iterdir()} - {OWNER_FILE}


@pytest.fixture
def backend() -> Iterator[Backend]:
    found = open_backend(f"memory://{secrets.token_hex(8)}", QueueId("q"))
    yield found
    found.close()


@pytest.fixture
def shelf(backend: Backend, tmp_path: Path) -> Shelf:
    space = OffloadSpace(str(tmp_path / "root"), Owner("q", "token"))
    space.claim()
    configuration = QueueConfiguration(store_max_size=LIMIT)
    return Shelf(backend=backend, values=ValueStore(backend.objects, configuration, space), root=tmp_path / "root")


def spied(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, method: str) -> list[tuple[object, ...]]:
    """Note the calls of a method of the store."""
    calls: list[tuple[object, ...]] = []
    plain = getattr(type(shelf.backend.objects), method)

    def noted(self: ObjectStore, *arguments: object) -> object:
        calls.append(arguments)
        return plain(self, *arguments)

    monkeypatch.setattr(type(shelf.backend.objects), method, noted)
    return calls


def test_small_values_go_to_the_store_and_large_ones_to_the_offload(shelf: Shelf) -> None:
    shelf.values.put(TAG, [SMALL, LARGE])
    assert shelf.backend.objects.find([SMALL.hash, LARGE.hash]) == [Location.REDIS, Location.OFFLOAD]
    assert shelf.names() == {LARGE.hash}
    assert [bytes(data or b"") for data in shelf.values.get([LARGE.hash, SMALL.hash])] == [LARGE.data, SMALL.data]


def test_unknown_values_are_none(shelf: Shelf) -> None:
    assert shelf.values.get([SMALL.hash]) == [None]


def test_what_is_there_is_neither_written_nor_sent_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    big = new_value(b"b" * (values_module.ASK_FIRST + 1))
    plain = ValueStore(shelf.backend.objects, QueueConfiguration(), None)
    plain.put(TAG, [big])
    shelf.values.put(TAG, [LARGE])
    puts, commits = spied(shelf, monkeypatch, "put"), spied(shelf, monkeypatch, "commit")
    plain.put(Tag("other"), [big])
    shelf.values.put(Tag("other"), [LARGE])
    assert [value.data for _, values, *_ in puts for value in values if value.hash == big.hash] == [None]
    assert commits == []


def test_many_small_values_go_together(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    puts = spied(shelf, monkeypatch, "put")
    shelf.values.put(TAG, [new_value(b"%d" % number) for number in range(300)])
    assert len(puts) == 1


def test_a_value_that_is_too_large_is_refused_with_both_remedies_and_nothing_is_written(shelf: Shelf) -> None:
    without = ValueStore(shelf.backend.objects, QueueConfiguration(store_max_size=LIMIT), None)
    with pytest.raises(ValueTooLarge, match=r"101 bytes.*offload='/a/shared.*larger store_max_size"):
        without.put(TAG, [SMALL, LARGE])
    assert list(shelf.backend.objects.hashes()) == []


def test_a_value_over_512_mib_needs_an_offload_whatever_the_limit(shelf: Shelf) -> None:
    huge = NewValue(hash=LARGE.hash, size=512 * 1024**2 + 1, data=b"not sent")
    with pytest.raises(ValueTooLarge, match=r"536870912 is the most.*or parts$"):
        ValueStore(shelf.backend.objects, QueueConfiguration(), None).put(TAG, [huge])


def test_an_offload_that_fails_is_named_with_the_host_and_nothing_refers_to_what_was_not_written(shelf: Shelf) -> None:
    shelf.values.put(TAG, [LARGE])
    os.rename(shelf.root, shelf.root.with_name("away"))
    shelf.root.write_text("in the way")
    with pytest.raises(OffloadError, match=f"1000 bytes cannot be written to the offload {shelf.root} from the host"):
        shelf.values.put(TAG, [LARGER])
    assert shelf.backend.objects.find([LARGER.hash]) == [None]


def test_a_missing_file_is_named(shelf: Shelf) -> None:
    shelf.values.put(TAG, [LARGE])
    (shelf.root / LARGE.hash).unlink()
    with pytest.raises(ObjectMissing, match=f"there is no '{LARGE.hash}' in the offload {shelf.root}") as missing:
        shelf.values.get([LARGE.hash])
    assert missing.value.hashes == (LARGE.hash,)


@pytest.mark.parametrize("data", [b"", b"l" * LIMIT, b"l" * (LIMIT + 2)], ids=["empty", "short", "long"])
def test_a_file_of_another_length_is_an_error_that_names_it(shelf: Shelf, data: bytes) -> None:
    shelf.values.put(TAG, [LARGE])
    (shelf.root / LARGE.hash).write_bytes(data)
    with pytest.raises(OffloadError, match=f"'{LARGE.hash}'.*has {len(data)} bytes, and should have {LIMIT + 1}"):
        shelf.values.get([LARGE.hash])


def test_who_looks_for_a_value_that_moves_meanwhile_finds_it(shelf: Shelf) -> None:
    shelf.values.put(TAG, [LARGE])
    (before,) = shelf.backend.objects.get([LARGE.hash])
    assert isinstance(before, Stored)
    shelf.values.discard(shelf.backend.objects.drop([TAG]).names, time.time())
    shelf.values.put(TAG, [LARGE])
    assert shelf.names() == {f"{LARGE.hash}-1"}
    assert bytes(shelf.values.bytes_of(LARGE.hash, before)) == LARGE.data


def test_a_name_that_is_given_up_while_it_is_written_is_not_referred_to(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = ValueStore(shelf.backend.objects, QueueConfiguration(store_max_size=LIMIT), shelf.values.space)
    write, interrupted = OffloadSpace.write, [False]

    def interrupt(space: OffloadSpace, name: str, data: bytes) -> None:
        write(space, name, data)
        if not interrupted[0]:
            interrupted[0] = True
            another.put(Tag("another"), [LARGE])
            another.discard(shelf.backend.objects.drop([Tag("another")]).names, time.time())

    monkeypatch.setattr(OffloadSpace, "write", interrupt)
    shelf.values.put(TAG, [LARGE])
    assert shelf.names() == {f"{LARGE.hash}-1"}
    assert [bytes(data or b"") for data in shelf.values.get([LARGE.hash])] == [LARGE.data]


def test_a_name_that_was_given_out_long_ago_is_not_committed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    commits, moments = spied(shelf, monkeypatch, "commit"), iter([0.0, 24 * 3600.0])
    monkeypatch.setattr(values_module.time, "time", lambda: next(moments, 24 * 3600.0))
    shelf.values.put(TAG, [LARGE])
    assert len(commits) == 1
    assert shelf.names() == {LARGE.hash}


def test_what_was_told_long_ago_is_not_deleted(shelf: Shelf) -> None:
    shelf.values.put(TAG, [LARGE])
    shelf.values.discard([LARGE.hash], time.time() - 3601)
    assert shelf.names() == {LARGE.hash}
    shelf.values.discard([LARGE.hash], time.time() - 10)
    assert shelf.names() == set()


def test_collecting_deletes_what_writers_that_died_left_and_nothing_else(shelf: Shelf) -> None:
    shelf.values.put(TAG, [LARGE])
    for name in ("part-0", "probe-0", LARGER.hash, f"{LARGE.hash}-3", "notes.txt"):
        (shelf.root / name).write_text("old")
    for path in shelf.root.iterdir():
        os.utime(path, (0, 0), follow_symlinks=False)
    (shelf.root / "part-new").write_text("under way")
    shelf.values.collect()
    assert shelf.names() == {LARGE.hash, "notes.txt", "part-new"}


def test_a_claim_that_does_not_hold_leaves_nothing_that_is_referred_to(shelf: Shelf) -> None:
    hand, task = Hand(shelf.backend), new_task()
    claim = hand.submit_and_take(task).claim
    shelf.backend.queue.delete([task.id], even_running=True)
    with pytest.raises(Fenced):
        shelf.values.put(Tag(task.id), [LARGE], claim)
    assert shelf.backend.objects.find([LARGE.hash]) == [None]


def test_what_was_read_is_not_read_again(shelf: Shelf) -> None:
    cached = ValueStore(
        shelf.backend.objects, QueueConfiguration(store_max_size=LIMIT), shelf.values.space, ValueCache()
    )
    cached.put(TAG, [SMALL, LARGE])
    cached.get([SMALL.hash, LARGE.hash])
    shelf.backend.objects.drop([TAG])
    (shelf.root / LARGE.hash).unlink()
    assert cached.get([SMALL.hash, LARGE.hash]) == [SMALL.data, LARGE.data]


@pytest.mark.parametrize(
    "record", [json.dumps({"queue_id": "theirs", "owner": "x"}), "no JSON", "[]"], ids=["another", "damaged", "odd"]
)
def test_an_offload_of_another_queue_is_never_written(shelf: Shelf, record: str) -> None:
    (shelf.root / OWNER_FILE).unlink()
    (shelf.root / OWNER_FILE).write_text(record)
    theirs = ValueStore(
        shelf.backend.objects,
        QueueConfiguration(store_max_size=LIMIT),
        OffloadSpace(str(shelf.root), Owner("q", "token")),
    )
    with pytest.raises(ConfigurationTaken, match="belongs to the queue"):
        theirs.put(TAG, [LARGE])
    assert shelf.names() == set()


def test_a_place_that_is_not_mounted_is_not_written_to(shelf: Shelf, tmp_path: Path) -> None:
    space = OffloadSpace(str(tmp_path / "not mounted"), Owner("q", "token"))
    with pytest.raises(OffloadError, match="Is it shared with this host, and mounted"):
        space.probe()
    with pytest.raises(OffloadError, match="not the place that was configured"):
        space.write("a", b"x")
    assert not (tmp_path / "not mounted").exists()


USES: dict[str, Callable[[OffloadSpace], object]] = {
    "delete": lambda space: space.delete([LARGE.hash], time.time()),
    "collect": lambda space: space.old_names(),
    "check": lambda space: space.sizes(),
    "empty": lambda space: space.empty(),
    "destroy": lambda space: space.destroy(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("record", [json.dumps({"queue_id": "q", "owner": "x"}), None], ids=["another", "none"])
def test_nothing_is_deleted_from_a_place_that_is_not_the_one_configured(
    shelf: Shelf, use: Callable[[OffloadSpace], object], record: str | None
) -> None:
    shelf.values.put(TAG, [LARGE])
    (shelf.root / OWNER_FILE).unlink()
    if record is not None:
        (shelf.root / OWNER_FILE).write_text(record)
    with pytest.raises((ConfigurationTaken, OffloadError), match=r"belongs to the queue|not the place"):
        use(OffloadSpace(str(shelf.root), Owner("q", "token")))
    assert shelf.names() == {LARGE.hash}


def test_what_is_gone_already_can_be_destroyed(tmp_path: Path) -> None:
    OffloadSpace(str(tmp_path / "never made"), Owner("q", "token")).destroy()


def test_who_looks_for_a_value_where_the_place_is_not_mounted_is_told_so(shelf: Shelf) -> None:
    shelf.values.put(TAG, [LARGE])
    shelf.root.rename(shelf.root.with_name("away"))
    with pytest.raises(OffloadError, match="Is it shared with this host, and mounted"):
        shelf.values.get([LARGE.hash])


def test_a_place_that_goes_away_under_a_writer_is_noticed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.values.put(TAG, [LARGE])
    shelf.root.rename(shelf.root.with_name("away"))
    later = time.monotonic() + 60
    monkeypatch.setattr(space_module.time, "monotonic", lambda: later)
    with pytest.raises(OffloadError, match="not the place that was configured"):
        shelf.values.put(TAG, [LARGER])
    assert not shelf.root.exists()


def test_a_value_that_is_asked_for_twice_is_given_apart(shelf: Shelf) -> None:
    shelf.values.put(TAG, [LARGE])
    first, second = shelf.values.get([LARGE.hash, LARGE.hash])
    assert first == second == LARGE.data
    assert not memoryview(first or b"").readonly
    assert memoryview(second or b"").readonly
