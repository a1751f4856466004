"""The contract of offloads, held by files."""

from pathlib import Path

import pytest

from rrq_core.plugins import open_offload
from rrq_core.ports import Offload
from rrq_core.testing import OffloadTests


class DiskCase(OffloadTests):
    OPTIONS = ""

    @pytest.fixture
    def offload(self, tmp_path: Path) -> Offload:
        self.url = f"file://{tmp_path}/root{self.OPTIONS}"
        return open_offload(self.url)

    def reopen(self, offload: Offload) -> Offload:
        return open_offload(self.url)


class TestDisk(DiskCase):
    pass


class TestDiskWithoutFsync(DiskCase):
    OPTIONS = "?fsync=0"


class TestMappedDisk(DiskCase):
    OPTIONS = "?mmap=1"


del DiskCase, OffloadTests
