"""What a worker has read a short time ago."""

import pytest

from rrq_core.model.ids import Hash
from rrq_core.store import ValueCache

A, B, C = Hash("a"), Hash("b"), Hash("c")


def test_what_was_kept_is_found() -> None:
    cache = ValueCache(10)
    cache.kept(A, b"12345")
    assert cache.find(A) == b"12345"
    assert cache.find(B) is None


def test_it_never_holds_more_than_it_may_and_the_longest_unasked_go_first() -> None:
    cache = ValueCache(10)
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


@pytest.mark.parametrize("size", [5, 20])
def test_only_what_nobody_else_has_can_be_written_to(size: int) -> None:
    cache = ValueCache(10)
    given = memoryview(cache.kept(A, bytearray(size)))
    assert given.readonly is (cache.find(A) is not None)
