"""Values of one's own."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

import rrq_core as rrq


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[rrq.ObjectStore]:
    with rrq.ObjectStore("mine", url, max_size=1000, offload=tmp_path / "root") as made:
        yield made


LARGE = list(range(1000))


def test_values_come_back_from_wherever_they_are(store: rrq.ObjectStore) -> None:
    small, large = store.mset([1, LARGE], "tag")
    assert store.mget([large, small]) == [LARGE, 1]
    assert store.location([small, large]) == ["redis", "offload"]


def test_the_same_value_is_stored_once_and_stays_until_its_last_tag_goes(
    store: rrq.ObjectStore, tmp_path: Path
) -> None:
    hash = store.set(LARGE, "a")
    assert store.set(LARGE, "b") == hash
    assert store.list() == [hash]
    assert sorted(store.tags()) == ["a", "b"]
    assert store.drop("a") == []
    assert store.get(hash) == LARGE
    assert store.drop(["b", "never there"]) == [hash]
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["rrq-queue.json"]


def test_unknown_hashes_are_an_error_that_names_them(store: rrq.ObjectStore) -> None:
    known = store.set(1, "tag")
    for ask in (store.get, store.location):
        with pytest.raises(rrq.ObjectMissing, match="0" * 32):
            ask("0" * 32)
    assert store.location([known, "0" * 32], error=False) == ["redis", None]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("data", [b"", b"RRQ1 looks like an envelope", b"x" * 5000])
def test_bytes_that_are_not_serialized_come_back_as_they_are(
    store: rrq.ObjectStore, kind: type[bytes], data: bytes
) -> None:
    assert store.get(store.set(kind(data), "tag", serialize=False)) == data


def test_what_is_no_bytes_needs_to_be_serialized(store: rrq.ObjectStore) -> None:
    with pytest.raises(rrq.InvalidArgument, match="a value is bytes, not str"):
        store.set("text", "tag", serialize=False)


@pytest.mark.parametrize("tag", ["", 1, "0" * 32, f"{'0' * 32}:checkpoint"])
def test_a_tag_that_cannot_be_is_refused(store: rrq.ObjectStore, tag: object) -> None:
    for use in (lambda: store.set(1, tag), lambda: store.drop([tag])):  # type: ignore[arg-type, list-item]
        with pytest.raises(rrq.InvalidArgument):
            use()
    assert store.list() == []


def test_without_an_offload_what_is_too_large_is_refused(url: str) -> None:
    with rrq.ObjectStore("mine", url, max_size=1000) as store, pytest.raises(rrq.ValueTooLarge):
        store.set(LARGE, "tag")


def test_nothing_is_left_of_a_destroyed_store(store: rrq.ObjectStore, tmp_path: Path) -> None:
    store.mset([1, LARGE], "tag")
    store.destroy()
    assert store.list() == store.tags() == []
    assert not (tmp_path / "root").exists()


def test_an_offload_may_be_opened_already(url: str, tmp_path: Path) -> None:
    with rrq.ObjectStore("mine", url, max_size=10, offload=rrq.open_offload(str(tmp_path / "root"))) as store:
        assert store.get(store.set(LARGE, "tag")) == LARGE


def test_two_stores_cannot_have_one_offload(store: rrq.ObjectStore, url: str, tmp_path: Path) -> None:
    with pytest.raises(rrq.ConfigurationTaken, match="belongs to the queue 'mine'"):
        rrq.ObjectStore("other", url, offload=tmp_path / "root")


def test_the_values_of_a_queue_are_seen_by_its_controller(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.submit(list, "abc")
    assert task.result() == ["a", "b", "c"]
    (hash,) = q.objects.list()
    assert q.objects.get(hash) == ["a", "b", "c"]
    assert q.objects.tags() == [task.id]


def test_a_value_of_ones_own_breaks_no_law_of_the_queue(q: rrq.Controller) -> None:
    q.objects.set(LARGE, "mine")
    assert rrq.check(controller=q).ok
    assert q.objects.drop("mine")


@pytest.mark.parametrize("limit", [0, -1, math.nan, "1 MB", True])
def test_a_limit_that_cannot_be_is_named_as_it_was_given(limit: float) -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"^max_size is a number of bytes"):
        rrq.ObjectStore("lab", "memory://lab", max_size=limit)


def test_whether_to_serialize_is_yes_or_no(store: rrq.ObjectStore) -> None:
    with pytest.raises(rrq.InvalidArgument, match="serialize"):
        store.set(b"x", tag="a", serialize="no")  # type: ignore[arg-type]  # that is the point
