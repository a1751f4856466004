"""What a worker has read a short time ago."""

import gc
import os

import pytest

from rrq_core.model.ids import Hash
from rrq_core.store import ValueCache

A, B, C = Hash("a"), Hash("b"), Hash("c")
either_way = pytest.mark.parametrize("mapped", [0, 1000], ids=["mapped", "in memory"])


@either_way
def test_what_was_kept_is_found(mapped: int) -> None:
    cache = ValueCache(10, mapped)
    assert cache.kept(A, b"12345") == b"12345"
    assert cache.find(A) == b"12345"
    assert cache.find(B) is None


@either_way
def test_it_never_holds_more_than_it_may_and_the_longest_unasked_go_first(mapped: int) -> None:
    cache = ValueCache(10, mapped)
    cache.kept(A, b"1234")
    cache.kept(B, b"1234")
    cache.find(A)
    cache.kept(C, b"1234")
    assert [cache.find(hash) is not None for hash in (A, B, C)] == [True, False, True]


def test_what_is_larger_than_all_of_it_pushes_nothing_out() -> None:
    cache = ValueCache(10)
    cache.kept(A, b"1234")
    cache.kept(B, bytes(11))
    assert cache.find(A) == b"1234"
    assert cache.find(B) is None


@either_way
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_what_one_reader_writes_no_other_sees(kind: type[bytes] | type[bytearray], mapped: int) -> None:
    cache = ValueCache(10, mapped)
    for given in (cache.kept(A, kind(b"1234")), cache.find(A)):
        view = memoryview(given or b"")
        assert bytes(view) == b"1234"
        assert view.readonly is (mapped > 0)
        if not view.readonly:
            view[0] = 0


def test_what_is_not_kept_is_given_as_it_came() -> None:
    data = bytearray(20)
    assert ValueCache(10).kept(A, data) is data


def test_what_gives_way_leaves_no_file_open() -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    cache = ValueCache(10, 0)
    for number in range(20):
        cache.kept(Hash(str(number)), b"12345678")
    assert len(os.listdir("/proc/self/fd")) == before + 1
