"""A queue in memory for each test of workers."""

import secrets
import warnings
from collections.abc import Iterator

import pytest

from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import QueueId
from rrq_core.model.setting import QUEUE_CONFIGURATION, worker_config_name
from rrq_core.plugins import open_backend
from tests.unit.worker.lab import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    queue_id = QueueId("lab")
    backend = open_backend(f"memory://{secrets.token_hex(8)}", queue_id)
    defaults = {QUEUE_CONFIGURATION: b"{}", worker_config_name("localhost"): WorkerConfig().to_json()}
    backend.settings.connect("test", b"{}", defaults)
    shown = warnings.showwarning
    yield Lab(backend=backend)
    warnings.showwarning = shown
    backend.close()
