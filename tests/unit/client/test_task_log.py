"""The logs of tasks that print nothing that could be read: not yet, or never."""

from pathlib import Path

import pytest

import rrq_core as rrq


def test_a_task_that_waits_has_no_log_yet(q: rrq.Controller) -> None:
    task = q.options(separate_process=True).submit(abs, -1)
    assert task.log() is None


def test_a_task_inside_its_worker_has_none_and_following_it_ends_at_once(q: rrq.Controller) -> None:
    task = q.submit(abs, -1)
    with rrq.worker_spawn(1, progress=False):
        assert task.wait(timeout=10)
    assert rrq.task_log(task.id) is None
    assert list(task.log(follow=True)) == []


def test_a_task_that_was_cancelled_before_it_ran_has_none(q: rrq.Controller) -> None:
    task = q.options(separate_process=True).submit(abs, -1)
    task.cancel()
    assert task.log() is None
    assert list(task.log(follow=True)) == []


def test_an_unknown_task_is_an_error(q: rrq.Controller) -> None:
    with pytest.raises(rrq.TaskNotFound, match="there is no log"):
        rrq.task_log("f" * 32)


def test_a_log_directory_is_where_it_is_for_who_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert rrq.worker_config(logdir="logs").logdir == str(tmp_path / "logs")
    assert rrq.worker_config(logdir=tmp_path).logdir == str(tmp_path)


@pytest.mark.parametrize("logdir", [5, "", ["logs"]])
def test_what_is_no_directory_is_refused(logdir: object) -> None:
    with pytest.raises(rrq.InvalidArgument, match="logdir is the path of a directory"):
        rrq.worker_config(logdir=logdir)  # type: ignore[arg-type]  # that is the point
