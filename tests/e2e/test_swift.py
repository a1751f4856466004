"""The S3 offload on a server that stores: not Amazon's, nor made for tests."""

import os
import secrets
from collections.abc import Iterator

import boto3
import pytest

import rrq_core as rrq
from rrq_core.ports import Offload
from rrq_core.testing import OffloadTests
from tests.e2e.swift_server import CREDENTIALS, swift_server, what_is_missing

MISSING = what_is_missing()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
GRACE = 60


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with swift_server() as endpoint:
        yield endpoint


@pytest.fixture
def url(service: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    bucket = f"b{secrets.token_hex(8)}"
    boto3.client("s3", endpoint_url=service).create_bucket(Bucket=bucket)
    return f"s3://{bucket}/values?endpoint_url={service}"


class TestSwift(OffloadTests):
    @pytest.fixture
    def offload(self, url: str) -> Offload:
        self.url = url
        return rrq.open_offload(url)

    def reopen(self, offload: Offload) -> Offload:
        return rrq.open_offload(self.url)


del OffloadTests


def test_a_value_of_many_parts_is_whole(url: str) -> None:
    data = os.urandom(1024) * (60 * 1024)
    offload = rrq.open_offload(url)
    offload.mset({"a": data})
    assert offload.mget(["a"])[0] == data


def test_tasks_pass_large_values_through_it(url: str) -> None:
    text = "x" * 50_000
    rrq.configure("swift", "memory://swift", store_max_size=1000, offload=url)
    with rrq.connect("swift", "memory://swift") as q, rrq.worker_spawn(1):
        task = q.submit(str.upper, text)
        assert task.result(GRACE) == text.upper()
        assert len(list(rrq.open_offload(url).list())) == 3  # the argument, the result, and whose it is
        task.delete()
        assert [entry.name for entry in rrq.open_offload(url).list()] == ["rrq-queue.json"]
        rrq.destroy()
    assert list(rrq.open_offload(url).list()) == []
