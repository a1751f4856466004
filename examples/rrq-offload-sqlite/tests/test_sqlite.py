"""The contract of offloads, held by a SQLite file."""

from pathlib import Path

import pytest

from rrq_core.plugins import open_offload
from rrq_core.ports import Offload
from rrq_core.testing import OffloadTests


class TestSqlite(OffloadTests):
    @pytest.fixture
    def offload(self, tmp_path: Path) -> Offload:
        return open_offload(f"sqlite://{tmp_path}/values.db")


del OffloadTests
