"""Progress bars: where they show, and that they cost nothing where they do not."""

import subprocess
import sys

import pytest

import rrq_core as rrq
from rrq_core.client import progress
from rrq_core.client.progress import ProgressBar
from tests.unit.client.calls import double, fail

GRACE = 10


def test_nothing_shows_where_nobody_watches(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SHOW_AFTER", 0.0)
    q.map(double, range(5)).wait(GRACE)
    assert capsys.readouterr() == ("", "")


def test_a_bar_that_is_asked_for_goes_to_standard_error(
    q: rrq.Controller, workers: rrq.WorkerManager, capsys: pytest.CaptureFixture[str]
) -> None:
    rrq.task_wait([q.submit(double, 1), q.submit(fail, "on purpose")], GRACE, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err
    assert "1 failed" in err


def test_the_environment_asks_for_bars(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RRQ_PROGRESS", "1")
    q.map(double, range(3)).wait(GRACE)
    assert "3/3" in capsys.readouterr().err
    q.map(double, range(3)).wait(GRACE, progress=False)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_once_it_takes_a_while(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    with ProgressBar(2, "tasks", None) as bar:
        bar.advance(1)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "SHOW_AFTER", 0.0)
    with ProgressBar(2, "tasks", None) as bar:
        bar.advance(2)
    assert "2/2" in capsys.readouterr().err


def test_what_is_no_choice_is_refused(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match="progress"):
        rrq.task_wait(q.submit(double, 1), progress="yes")  # type: ignore[arg-type]  # it is wrong on purpose


def test_rich_is_not_loaded_before_a_bar_shows() -> None:
    script = (
        "import sys, rrq_core as rrq\n"
        "with rrq.connect('lab', 'memory://bar') as q, rrq.worker_spawn(1): q.submit(abs, -1).result(10)\n"
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
