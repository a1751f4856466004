"""A task once more, here, under the debugger."""

import io
import signal
import sys
from collections.abc import Callable

import pytest

import rrq_core as rrq
from tests.unit.client.calls import add, double

GRACE = 10

Debug = Callable[..., str]


def divide(n: int, by: int) -> float:
    share = n / by
    return share  # noqa: RET504 (a line to stop at)


def numbered() -> tuple[str, int, int]:
    rrq.checkpoint_save(1)
    return rrq.task_id(), rrq.attempt(), rrq.seed()


async def later(n: int) -> int:
    return n


class Swept:
    def __del__(self) -> None:
        str(self)


def swept() -> int:
    n = 4
    Swept()
    return n


@pytest.fixture
def debug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Debug:
    """Debug a task with these commands, and give what is printed."""

    def debug(task: "rrq.Task[object]", *commands: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{command}\n" for command in commands)))
        print("value:", task.debug())
        return capsys.readouterr().out

    return debug


def test_it_stops_at_the_first_line_with_the_arguments(q: rrq.Controller, debug: Debug) -> None:
    said = debug(q.submit(divide, 6, by=3), "p n * 100 + by", "next", "p share", "continue")
    assert "-> share = n / by" in said
    assert "603" in said
    assert "value: 2.0" in said


def test_it_stops_again_where_it_fails(q: rrq.Controller, workers: rrq.WorkerManager, debug: Debug) -> None:
    task = q.submit(divide, 6, by=0)
    assert not task.wait(GRACE)
    said = debug(task, "continue", "p n * 100", "quit")
    assert "ZeroDivisionError" in said
    assert "600" in said
    assert "value: None" in said


def test_ctrl_c_goes_where_it_went_before(q: rrq.Controller, debug: Debug) -> None:
    before = signal.getsignal(signal.SIGINT)
    debug(q.submit(divide, 6, by=3), "continue")
    assert signal.getsignal(signal.SIGINT) is before


def test_it_can_be_left(q: rrq.Controller, debug: Debug) -> None:
    assert "value: None" in debug(q.submit(divide, 6, by=3), "quit")


def test_what_it_asks_of_itself_is_the_tasks_own(q: rrq.Controller, workers: rrq.WorkerManager, debug: Debug) -> None:
    task = q.submit(numbered)
    again = task.retry() if task.wait(GRACE) else task
    assert again.result(GRACE)[2] == task.result(GRACE)[2]
    assert f"value: {again.result(GRACE)}" in debug(again, "continue")


def test_results_of_others_are_its_arguments(q: rrq.Controller, workers: rrq.WorkerManager, debug: Debug) -> None:
    task = q.submit(add, q.submit(double, 4), b=1)
    assert task.wait(GRACE)
    assert "value: 9" in debug(task, "p a", "continue")


def test_expressions_and_coroutines_too(q: rrq.Controller, debug: Debug) -> None:
    n = 4
    said = debug(rrq.task_create_expr("k = n + 1\nk * 2"), "next", "p k", "continue")
    assert "-> k = n + 1" in said
    assert "value: 10" in said
    assert "value: 4" in debug(q.submit(later, n), "continue")


def test_it_stops_first_in_the_body_of_a_coroutine(q: rrq.Controller, debug: Debug) -> None:
    said = debug(q.submit(later, 4), "p n * 100 + 7", "continue")
    assert said.partition("(Pdb)")[0].count("later()") == 1
    assert "407" in said
    assert "<string>" not in said


def test_it_does_not_stop_in_finalizers(q: rrq.Controller, debug: Debug) -> None:
    said = debug(q.submit(swept), "step", "step", "step", "p n * 100 + 7", "continue")
    assert "__del__" not in said
    assert "407" in said


def test_an_unknown_task_is_an_error(q: rrq.Controller) -> None:
    with pytest.raises(rrq.TaskNotFound):
        q.task("0" * 32).debug()


def sets_rate(names: dict[str, object]) -> None:
    names["rate"] = lambda n: n * 3


def breaks(names: dict[str, object]) -> None:
    raise LookupError("the model is on the cluster only")


def test_it_finds_the_names_of_the_workers_environment(q: rrq.Controller, debug: Debug) -> None:
    rrq.worker_envir_set(sets_rate)
    assert "value: 12" in debug(rrq.task_create_expr("rate(4)"), "continue")


def test_it_says_that_the_environment_is_made_here(q: rrq.Controller, capsys: pytest.CaptureFixture[str]) -> None:
    task = q.submit(divide, 6, by=3)
    rrq.worker_envir_set(breaks)
    with pytest.raises(rrq.EnvironmentBroken, match=r"could not be made here.*LookupError: the model is on") as caught:
        task.debug()
    assert isinstance(caught.value.__cause__, LookupError)
    assert "the environment of the workers of 'lab' is made here" in capsys.readouterr().err


def test_without_an_environment_nothing_is_said(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("quit\n"))
    q.submit(divide, 6, by=3).debug()
    assert capsys.readouterr().err == ""
