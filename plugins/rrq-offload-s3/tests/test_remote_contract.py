"""The contract of offloads, held by S3 over HTTP, and by other places that fsspec knows."""

import secrets
from pathlib import Path

import pytest

from rrq_core.plugins import open_offload
from rrq_core.ports import Offload
from rrq_core.testing import OffloadTests
from rrq_offload_s3 import RemoteOffload


class TestS3(OffloadTests):
    @pytest.fixture
    def offload(self, url: str) -> Offload:
        self.url = url
        return open_offload(url)

    def reopen(self, offload: Offload) -> Offload:
        return open_offload(self.url)


class TestMemory(OffloadTests):
    @pytest.fixture
    def offload(self) -> Offload:
        return open_offload(f"memory://{secrets.token_hex(8)}/values")


class TestWhatCanOnlyRename(OffloadTests):
    """fsspec's own local files stand for SFTP: written under another name, then renamed."""

    @pytest.fixture
    def offload(self, tmp_path: Path) -> Offload:
        return RemoteOffload(protocol="file", root=str(tmp_path / "root"))


del OffloadTests
