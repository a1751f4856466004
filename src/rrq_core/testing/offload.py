"""The contract of the port `Offload`."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rrq_core.errors import ObjectMissing
from rrq_core.ports import Offload
from rrq_core.testing.builders import new_value

FIRST = new_value(b"first").hash
SECOND = f"{FIRST}-1"


class OffloadTests:
    """The laws of the port `Offload`.

    A subclass gives the one fixture `offload`: an offload with nothing in it, which is destroyed afterwards.
    """

    @pytest.fixture
    def offload(self) -> Offload:
        """An empty offload, for one test."""
        raise NotImplementedError(f"{type(self).__name__} gives no fixture `offload`: an offload with nothing in it")

    def reopen(self, offload: Offload) -> Offload:
        """Open the same root a second time; a subclass whose offload others can reach overrides this."""
        return offload

    def settle(self) -> None:
        """Wait until what was written can be seen; for stores that take their time."""

    def read(self, offload: Offload, *names: str) -> list[bytes]:
        """The bytes of names."""
        self.settle()
        return [bytes(data) for data in offload.mget(names)]

    def names(self, offload: Offload) -> set[str]:
        """All names."""
        self.settle()
        return {entry.name for entry in offload.list()}

    def size(self, offload: Offload, name: str) -> int | None:
        """How many bytes of a name can be read now, None if there is none."""
        try:
            return len(offload.mget([name])[0])
        except ObjectMissing:
            return None

    @pytest.mark.parametrize(
        "data", [b"", bytes(range(256)), b"\n\0\0", b"x" * 3_000_000], ids=["0", "256", "blank", "3M"]
    )
    def test_bytes_are_read_as_they_were_written(self, offload: Offload, data: bytes) -> None:
        offload.mset({FIRST: data})
        assert self.read(self.reopen(offload), FIRST) == [data]

    @pytest.mark.parametrize("kind", [bytearray, memoryview])
    def test_bytes_may_come_in_any_buffer(self, offload: Offload, kind: type[bytearray] | type[memoryview]) -> None:
        offload.mset({FIRST: kind(b"in a buffer")})
        assert self.read(offload, FIRST) == [b"in a buffer"]

    def test_what_was_written_does_not_change_with_its_buffer(self, offload: Offload) -> None:
        data = bytearray(b"as it was")
        offload.mset({FIRST: data})
        data[:] = b"otherwise"
        assert self.read(offload, FIRST) == [b"as it was"]

    def test_what_one_reader_writes_into_it_no_other_sees(self, offload: Offload) -> None:
        offload.mset({FIRST: b"shared"})
        self.settle()
        (first,), (second,) = offload.mget([FIRST]), offload.mget([FIRST])
        view = memoryview(first)
        if not view.readonly:
            view[:1] = b"X"
        assert [bytes(second), *self.read(offload, FIRST)] == [b"shared", b"shared"]

    def test_what_is_being_written_is_seen_whole_or_not_at_all(self, offload: Offload) -> None:
        data, reader = b"w" * 8_000_000, self.reopen(offload)
        with ThreadPoolExecutor(max_workers=1) as writer:
            for number in range(1, 4):
                writing = writer.submit(offload.mset, {f"{FIRST}-{number}": data})
                while not writing.done():
                    assert self.size(reader, f"{FIRST}-{number}") in (None, len(data))
                writing.result()

    def test_many_names_are_read_in_order(self, offload: Offload) -> None:
        items = {f"{FIRST}-{number}": str(number).encode() for number in range(1, 30)}
        offload.mset(items)
        asked = [*sorted(items, reverse=True), f"{FIRST}-7"]
        assert self.read(offload, *asked) == [items[name] for name in asked]

    def test_names_that_look_alike_are_apart(self, offload: Offload) -> None:
        offload.mset({FIRST: b"1", SECOND: b"2", f"{SECOND}0": b"3"})
        offload.mdel([SECOND])
        assert self.read(offload, FIRST, f"{SECOND}0") == [b"1", b"3"]

    def test_writing_the_same_again_is_harmless(self, offload: Offload) -> None:
        for _ in range(2):
            offload.mset({FIRST: b"same"})
        assert self.read(offload, FIRST) == [b"same"]

    def test_missing_names_are_named(self, offload: Offload) -> None:
        offload.mset({FIRST: b"here"})
        with pytest.raises(ObjectMissing) as missing:
            self.read(offload, f"{FIRST}-2", FIRST, SECOND)
        assert missing.value.hashes == (f"{FIRST}-2", SECOND)

    def test_a_deleted_name_is_gone_and_absent_ones_are_fine(self, offload: Offload) -> None:
        offload.mset({FIRST: b"1", SECOND: b"2"})
        offload.mdel([FIRST, f"{FIRST}-7"])
        offload.mdel([FIRST])
        assert self.names(offload) == {SECOND}

    def test_all_that_lies_there_is_listed(self, offload: Offload) -> None:
        assert self.names(offload) == set()
        offload.mset({FIRST: b"12345", SECOND: b""})
        self.settle()
        assert {entry.name: entry.size for entry in offload.list()} == {FIRST: 5, SECOND: 0}

    def test_what_is_listed_tells_when_it_was_written(self, offload: Offload) -> None:
        offload.mset({FIRST: b"now"})
        self.settle()
        assert [abs(entry.modified - time.time()) < 3600 for entry in offload.list()] == [True]

    def test_nothing_to_do_is_fine(self, offload: Offload) -> None:
        offload.mset({})
        offload.mdel([])
        assert offload.mget([]) == []

    def test_only_the_first_claim_counts(self, offload: Offload) -> None:
        assert bytes(offload.claim("owner.json", b"first")) == b"first"
        self.settle()
        assert bytes(self.reopen(offload).claim("owner.json", b"second")) == b"first"
        assert self.read(offload, "owner.json") == [b"first"]

    def test_a_file_can_be_handed_over(self, offload: Offload, tmp_path: Path) -> None:
        path = tmp_path / "written by a task"
        path.write_bytes(b"whole file")
        offload.put_file(FIRST, path)
        assert self.read(offload, FIRST) == [b"whole file"]

    def test_a_probe_leaves_nothing_behind(self, offload: Offload) -> None:
        offload.probe()
        assert self.names(offload) == set()

    def test_a_destroyed_offload_is_empty_and_can_be_used_anew(self, offload: Offload) -> None:
        offload.mset({FIRST: b"1"})
        offload.destroy()
        offload.destroy()
        assert self.names(offload) == set()
        offload.mset({FIRST: b"2"})
        assert self.read(offload, FIRST) == [b"2"]
