"""The contract of backends, held by one that counts."""

import secrets
from collections.abc import Iterator

import pytest

from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing import BackendTests


class TestCounting(BackendTests):
    @pytest.fixture
    def backend(self) -> Iterator[Backend]:
        backend = open_backend("counting+memory://kit", QueueId(secrets.token_hex(8)))
        yield backend
        backend.queue.destroy()
        backend.close()


del BackendTests
