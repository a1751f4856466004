"""The whole of a queue: check and destroy."""

import pytest

import rrq_core as rrq
from rrq_core.model.report import Law, Violation
from tests.unit.client.calls import double

GRACE = 10


def test_a_queue_in_use_is_in_order(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    q.map(double, range(20)).wait(GRACE)
    assert rrq.check().ok


def test_what_is_broken_is_reported(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Violation(law=Law.PENDING, subject="1" * 32, sentence="it is in two queues")
    monkeypatch.setattr(type(q.backend.queue), "check", lambda queue, repair: [broken])
    report = rrq.check()
    assert not report.ok
    assert report.violations == (broken,)


def test_a_destroyed_queue_is_gone_with_its_workers_and_no_other(url: str, q: rrq.Controller) -> None:
    with rrq.connect("lab:2", url) as other, rrq.worker_spawn(1, controller=q) as workers:
        kept = other.submit(double, 1)
        q.submit(double, 1).wait(GRACE)
        rrq.destroy(controller=q, timeout_worker_stop=GRACE)
        assert rrq.task_list(controller=q) == []
        assert rrq.worker_list_exited(controller=q) == []
        assert kept.status() == "PENDING"
    assert not any(workers.is_alive().values())


def test_a_queue_can_go_by_itself_later(q: rrq.Controller) -> None:
    task = q.submit(double, 1)
    rrq.destroy(delete=60)
    assert task.status() == "PENDING"


@pytest.mark.parametrize(
    "options", [{"delete": False}, {"delete": -1}, {"delete": "now"}, {"worker_stop_type": "kill"}]
)
def test_what_cannot_be_is_refused_and_nothing_is_destroyed(q: rrq.Controller, options: dict[str, bool]) -> None:
    task = q.submit(double, 1)
    with pytest.raises(rrq.InvalidArgument):
        rrq.destroy(**options)  # type: ignore[arg-type]  # it is wrong on purpose
    assert task.status() == "PENDING"


def test_repair_is_yes_or_no(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match="repair"):
        rrq.check("please")  # type: ignore[arg-type]  # it is wrong on purpose
