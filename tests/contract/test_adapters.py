"""Every adapter keeps the contract of every port."""

from collections.abc import Iterator

import pytest

from rrq_core.model.ids import QueueId
from rrq_core.ports import Backend
from rrq_core.testing import BackendTests
from tests.contract.conftest import Adapter


class TestBackend(BackendTests):
    adapter: Adapter

    @pytest.fixture
    def backend(self, adapter: Adapter, contract_backend: Backend) -> Iterator[Backend]:
        self.adapter, self.repeats = adapter, adapter.repeats
        return contract_backend

    def reopen(self, backend: Backend, queue_id: QueueId | None = None) -> Backend:
        return self.adapter.open(backend.queue_id if queue_id is None else queue_id)
