"""The suite for offloads is proven on the plainest one."""

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
