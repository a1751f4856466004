"""What a worker is started with."""

import pytest

from rrq_core.errors import InvalidArgument
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import worker_id
from rrq_core.model.setting import worker_config_name
from rrq_core.worker import new_worker_id, read_config
from tests.unit.worker.lab import Lab


def test_a_configuration_is_read_as_it_was_saved(lab: Lab):
    config = WorkerConfig(queue=["fast"], poll_queue=1, timeout_idle=60, verbose=False)
    lab.backend.settings.put(worker_config_name("busy"), config.to_json())
    assert read_config(lab.backend, "busy") == config


def test_an_unknown_configuration_names_those_that_exist(lab: Lab):
    lab.backend.settings.put(worker_config_name("busy"), WorkerConfig().to_json())
    with pytest.raises(InvalidArgument, match=r"'lazy'.*'busy', 'localhost'"):
        read_config(lab.backend, "lazy")


def test_in_a_queue_that_nobody_made_it_says_that(lab: Lab):
    lab.backend.queue.destroy()
    with pytest.raises(InvalidArgument, match="right queue id and URL"):
        read_config(lab.backend, "localhost")


def test_it_is_waited_for(lab: Lab, monkeypatch):
    config = WorkerConfig(poll_queue=1)
    monkeypatch.setattr(
        "rrq_core.worker.setup.time.sleep",
        lambda seconds: lab.backend.settings.put(worker_config_name("soon"), config.to_json()),
    )
    assert read_config(lab.backend, "soon", timeout=10) == config


def test_worker_ids_are_valid_and_differ():
    ids = {worker_id(new_worker_id()) for _ in range(20)}
    assert len(ids) == 20


def test_a_host_without_a_name_has_worker_ids_too(monkeypatch):
    monkeypatch.setattr("rrq_core.worker.setup.socket.gethostname", lambda: "")
    assert worker_id(new_worker_id()).startswith("worker-")
