"""What notebooks show of controllers, tasks and groups."""

import pickle
from typing import Any

import rrq_core as rrq
from tests.unit.client.calls import double, fail

GRACE = 10


def html(shown: Any) -> str:
    text: str = shown._repr_html_()
    return text


def test_a_controller_shows_its_queue(q: rrq.Controller, workers: rrq.WorkerManager, url: str) -> None:
    assert "Queue lab" in html(q)
    assert url in html(q)
    assert "2 IDLE" in html(q)


def test_a_controller_without_workers_says_so(q: rrq.Controller) -> None:
    q.map(double, range(3))
    assert ">none<" in html(q)
    assert ">3<" in html(q)


def test_a_task_shows_where_it_stands(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.submit(fail, "<b>not bold</b>")
    task.wait(GRACE)
    shown = html(task)
    assert ">ERROR<" in shown
    assert "ValueError: &lt;b&gt;not bold" in shown
    assert ">complete<" in shown


def test_a_group_shows_its_counts(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    group = q.map(double, range(3))
    group.wait(GRACE)
    assert ">COMPLETE<" in html(group)
    assert "3 tasks" in html(group)


def test_where_the_queue_cannot_be_asked_it_says_why(q: rrq.Controller, url: str) -> None:
    with rrq.connect("other", url) as other:
        task, group = other.submit(double, 1), other.map(double, [1])
        stray = pickle.loads(pickle.dumps(task))
    for shown in (other, task, group, stray):
        assert "not known" in html(shown)
