"""What a `Worker` can be made of, and what it cannot."""

import threading
from collections.abc import Iterator

import pytest

import rrq_core as rrq
from rrq_core.errors import Closed, InvalidArgument, InvalidName, WorkerIdTaken


@pytest.fixture
def worker(q: rrq.Controller) -> Iterator[rrq.Worker]:
    with rrq.Worker("lab", worker_id="w", url=q.url) as worker:
        yield worker


def test_a_worker_of_a_queue_that_is_not_there_is_an_error(url: str) -> None:
    with pytest.raises(InvalidArgument, match=r"'nowhere'.*made by connect"):
        rrq.Worker("nowhere", url=url)


def test_an_id_whose_worker_is_alive_is_taken(q: rrq.Controller, worker: rrq.Worker) -> None:
    with pytest.raises(WorkerIdTaken):
        rrq.Worker("lab", worker_id="w", url=q.url)
    assert worker.step(immediate=True) is False


def test_an_unknown_configuration_is_an_error_that_names_those_there_are(q: rrq.Controller) -> None:
    with pytest.raises(InvalidArgument, match=r"'fast'.*'localhost'"):
        rrq.Worker("lab", "fast", url=q.url)


def test_a_configuration_is_waited_for(q: rrq.Controller) -> None:
    later = threading.Timer(0.1, lambda: rrq.worker_config_save("late", rrq.worker_config(queue="late"), controller=q))
    later.start()
    with rrq.Worker("lab", "late", timeout_config=10, url=q.url) as worker:
        assert worker.info().queues[0] == "late"
    later.join()


def test_wrong_arguments_are_refused(q: rrq.Controller) -> None:
    with pytest.raises(InvalidName, match="queue id"):
        rrq.Worker("", url=q.url)
    with pytest.raises(InvalidName, match="worker id"):
        rrq.Worker("lab", worker_id="a\nb", url=q.url)
    with pytest.raises(InvalidArgument, match="timeout_config"):
        rrq.Worker("lab", timeout_config=-1, url=q.url)
    with pytest.raises(InvalidArgument, match="is_child"):
        rrq.Worker("lab", is_child=1, url=q.url)  # type: ignore[arg-type]
    assert rrq.worker_list() == []


def test_a_child_stands_for_its_worker_and_takes_nothing(q: rrq.Controller, worker: rrq.Worker) -> None:
    with rrq.Worker("lab", worker_id="w", is_child=True, url=q.url) as child:
        assert child.id == worker.id
        assert child.controller.submit(abs, -1).status() == "PENDING"
        with pytest.raises(Closed, match="child"):
            child.step(immediate=True)
    assert rrq.worker_status("w") == {"w": "IDLE"}


def test_a_child_needs_the_id_of_its_worker(q: rrq.Controller) -> None:
    with pytest.raises(InvalidArgument, match="worker_id"):
        rrq.Worker("lab", is_child=True, url=q.url)
