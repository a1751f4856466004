"""A queue in memory for one test, its controller being the default one, and workers in threads if a test asks."""

import secrets
from collections.abc import Iterator

import pytest

import rrq_core as rrq


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RRQ_URL", "REDIS_URL", "RRQ_FOLLOW", "RRQ_TIMEOUT_TASK_WAIT", "RRQ_PROGRESS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def url() -> str:
    return f"memory://{secrets.token_hex(8)}"


@pytest.fixture
def q(url: str) -> Iterator[rrq.Controller]:
    with rrq.connect("lab", url) as controller:
        yield controller


@pytest.fixture
def workers(q: rrq.Controller) -> Iterator[rrq.WorkerManager]:
    with rrq.worker_spawn(2, worker_id_base="w", controller=q) as manager:
        yield manager
