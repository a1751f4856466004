"""The suite for offloads is proven on the plainest one."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import pytest

from rrq_core.errors import ObjectMissing
from rrq_core.model.value import Buffer, OffloadEntry
from rrq_core.ports import Offload
from rrq_core.testing import OffloadTests


class DictOffload(Offload):
    """Bytes by name, in a dict."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[bytes, float]] = {}

    def mset(self, items: Mapping[str, Buffer]) -> None:
        now = time.time()
        self.entries.update({name: (bytes(data), now) for name, data in items.items()})

    def mget(self, names: Sequence[str]) -> list[Buffer]:
        if missing := [name for name in names if name not in self.entries]:
            raise ObjectMissing(missing)
        return [self.entries[name][0] for name in names]

    def mdel(self, names: Sequence[str]) -> None:
        for name in names:
            self.entries.pop(name, None)

    def list(self) -> Iterator[OffloadEntry]:
        for name, (data, modified) in self.entries.items():
            yield OffloadEntry(name=name, size=len(data), modified=modified)

    def destroy(self) -> None:
        self.entries.clear()


class TestDictOffload(OffloadTests):
    @pytest.fixture
    def offload(self) -> Offload:
        return DictOffload()


class KeepsTheBuffer(DictOffload):
    """Keeps what it is given, and does not copy it."""

    def mset(self, items: Mapping[str, Buffer]) -> None:
        self.entries.update({name: (data, time.time()) for name, data in items.items()})  # type: ignore[misc]


class SharesItsMemory(DictOffload):
    """Gives all readers the same memory."""

    def mset(self, items: Mapping[str, Buffer]) -> None:
        super().mset(items)
        self.entries = {name: (bytearray(data), at) for name, (data, at) in self.entries.items()}  # type: ignore[misc]


class ShowsHalves(DictOffload):
    """Writes in two steps, between which somebody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.was_read = threading.Event()

    def mset(self, items: Mapping[str, Buffer]) -> None:
        super().mset({name: data[: len(data) // 2] for name, data in items.items()})
        self.was_read.wait(10)
        super().mset(items)

    def mget(self, names: Sequence[str]) -> list[Buffer]:
        found = super().mget(names)
        self.was_read.set()
        return found


class NamesOneThatIsMissing(DictOffload):
    """Stops at the first name that is not there."""

    def mget(self, names: Sequence[str]) -> list[Buffer]:
        return [super(NamesOneThatIsMissing, self).mget([name])[0] for name in names]


class ReadsEachNameOnce(DictOffload):
    """Gives the bytes of a name once, however often it is asked for."""

    def mget(self, names: Sequence[str]) -> list[Buffer]:
        return super().mget([*dict.fromkeys(names)])


class CutsBlanks(DictOffload):
    """Takes bytes for text."""

    def mset(self, items: Mapping[str, Buffer]) -> None:
        super().mset({name: bytes(data).rstrip(b"\n\0") for name, data in items.items()})


class CountsInMilliseconds(DictOffload):
    """Tells times in another unit."""

    def list(self) -> Iterator[OffloadEntry]:
        for entry in super().list():
            yield OffloadEntry(name=entry.name, size=entry.size, modified=entry.modified * 1000)


BROKEN = {
    "test_what_was_written_does_not_change_with_its_buffer": KeepsTheBuffer,
    "test_what_one_reader_writes_into_it_no_other_sees": SharesItsMemory,
    "test_what_is_being_written_is_seen_whole_or_not_at_all": ShowsHalves,
    "test_missing_names_are_named": NamesOneThatIsMissing,
    "test_many_names_are_read_in_order": ReadsEachNameOnce,
    "test_what_is_listed_tells_when_it_was_written": CountsInMilliseconds,
}


@pytest.mark.parametrize(("law", "broken"), BROKEN.items(), ids=BROKEN)
def test_the_suite_names_the_law_that_a_broken_one_breaks(law: str, broken: type[DictOffload]) -> None:
    with pytest.raises(AssertionError):
        getattr(OffloadTests(), law)(broken())


def test_the_suite_rejects_one_that_takes_bytes_for_text() -> None:
    with pytest.raises(AssertionError):
        OffloadTests().test_bytes_are_read_as_they_were_written(CutsBlanks(), b"\n\0\0")
