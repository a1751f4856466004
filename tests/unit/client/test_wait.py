"""Waiting for tasks."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.client import hint, inbox, wait
from rrq_core.model.ids import TaskId, new_task_id
from rrq_core.model.report import Recovered
from rrq_core.model.task import NewRetry
from rrq_core.testing.waiting import wait_until
from tests.unit.client.calls import GATES, double, fail, fail_once, wait_at

GRACE = 10


def in_background(call: "list[object]", *arguments: object, **options: object) -> threading.Thread:
    """Wait in a thread, and leave in the list what came of it."""

    def run() -> None:
        try:
            call.append(rrq.task_wait(*arguments, **options))  # type: ignore[arg-type]  # passed on as it came
        except Exception as error:
            call.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_wait_tells_whether_all_are_complete(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    good, bad = q.submit(double, 1), q.submit(fail, "on purpose")
    assert rrq.task_wait(good, GRACE)
    assert rrq.task_wait([good, good.id], GRACE)
    assert not rrq.task_wait(iter([good, bad]), GRACE)


def test_a_wait_that_takes_too_long_says_what_stands_where(q: rrq.Controller) -> None:
    task = q.submit(double, 1)
    with pytest.raises(rrq.TaskTimeout, match=rf"{task.id}.*0\.05 s.*1 PENDING.*no worker listens on 'default'"):
        rrq.task_wait(task, timeout=0.05)
    assert issubclass(rrq.TaskTimeout, TimeoutError)
    with rrq.worker_spawn(1):
        assert task.result(GRACE) == 2


def test_unknown_tasks_are_told_before_anybody_waits(q: rrq.Controller) -> None:
    unknown = new_task_id()
    with pytest.raises(rrq.TaskNotFound, match=unknown):
        rrq.task_wait([q.submit(double, 1), unknown])


@pytest.mark.parametrize("tasks", [[], iter(())])
def test_there_is_no_waiting_for_nothing(q: rrq.Controller, tasks: list[str]) -> None:
    with pytest.raises(rrq.InvalidArgument, match="nothing to wait for"):
        rrq.task_wait(tasks)


@pytest.mark.parametrize(("timeout", "time_poll"), [(-1, 1), ("soon", 1), (1, 0), (1, "often"), (True, 1)])
def test_times_that_cannot_be_are_refused(q: rrq.Controller, timeout: float, time_poll: float) -> None:
    with pytest.raises(rrq.InvalidArgument, match="seconds"):
        rrq.task_wait(q.submit(double, 1), timeout, time_poll)


def test_who_waits_for_a_task_hears_of_its_deletion(q: rrq.Controller) -> None:
    task, outcome = q.submit(double, 1), list[object]()
    thread = in_background(outcome, task, controller=q)
    wait_until(lambda: q.inbox._wishes.wanted(), "somebody waits")
    task.delete()
    thread.join(GRACE)
    assert isinstance(outcome[0], rrq.TaskNotFound)


def test_who_waits_hears_within_moments_that_the_queue_was_destroyed_elsewhere(q: rrq.Controller, url: str) -> None:
    task = q.submit(double, 1)
    heard: list[object] = []
    thread = in_background(heard, task, time_poll=0.05, controller=q)
    wait_until(lambda: q.inbox._wishes.wanted(), "somebody waits")
    with rrq.connect("lab", url) as elsewhere:
        rrq.destroy(controller=elsewhere)
    thread.join(GRACE)
    assert isinstance(heard[0], rrq.TaskNotFound)


def test_everybody_who_waits_for_a_task_is_told(q: rrq.Controller, url: str) -> None:
    task, outcome = q.submit(double, 1), list[object]()
    with rrq.connect("lab", url) as other:
        waiting = [in_background(outcome, task, controller=controller) for controller in (q, q, other)]
        with rrq.worker_spawn(1, controller=q):
            for thread in waiting:
                thread.join(GRACE)
    assert outcome == [True, True, True]


def test_closing_a_controller_ends_its_waits(url: str) -> None:
    q, outcome = rrq.connect("lab", url), list[object]()
    thread = in_background(outcome, q.submit(double, 1), controller=q)
    wait_until(lambda: q.inbox._wishes.wanted(), "somebody waits")
    q.close()
    thread.join(GRACE)
    assert isinstance(outcome[0], rrq.Closed)


def test_a_task_that_was_retried_is_waited_for_to_the_end_of_its_chain(q: rrq.Controller) -> None:
    with rrq.worker_spawn(1):
        task = q.submit(fail, "on purpose")
        assert not task.wait(GRACE)
    outcome, again = list[object](), new_task_id()
    q.backend.queue.retry([NewRetry(task=TaskId(task.id), new=again)])
    thread = in_background(outcome, [task, again], controller=q)
    wait_until(lambda: q.inbox._wishes.wanted() == [again], "the end of the chain is waited for")
    with rrq.worker_spawn(1):
        thread.join(GRACE)
    assert outcome == [False]
    assert rrq.task_status([task, again]) == ["ERROR", "ERROR"]
    assert rrq.task_status(task, follow=False) == "MOVED"


def test_without_follow_a_task_that_was_retried_is_over(q: rrq.Controller) -> None:
    with rrq.worker_spawn(1):
        task = q.submit(fail, "on purpose")
        task.wait(GRACE)
    q.backend.queue.retry([NewRetry(task=task.id, new=TaskId("f" * 32))])
    assert not rrq.task_wait(task, timeout=GRACE, follow=False)
    with pytest.raises(rrq.TaskTimeout):
        rrq.task_wait(task, timeout=0.05, follow=True)


def test_ctrl_c_ends_a_wait_at_once_and_leaves_the_task_running(q: rrq.Controller) -> None:
    gate = GATES["ctrl-c"] = threading.Event()
    task = q.submit(wait_at, "ctrl-c")
    with rrq.worker_spawn(1):
        wait_until(lambda: task.status() == "RUNNING", "the task runs")
        interrupt = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        interrupt.start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            task.wait(timeout=GRACE)
        assert time.monotonic() - began < GRACE / 2
        assert task.status() == "RUNNING"
        gate.set()
        assert task.result(GRACE) == "ctrl-c"


def test_a_wait_of_some_seconds_says_once_that_no_worker_listens(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hint, "AFTER", 0.1)
    deserted = q.options(queue="attic").submit(double, 1)
    with rrq.worker_spawn(1), contextlib.suppress(rrq.TaskTimeout):
        rrq.task_wait([deserted, q.submit(double, 1)], timeout=1, progress=False)
    said = capsys.readouterr().err
    assert said.count("no worker of 'lab' listens on the queue 'attic'. ") == 1


def test_nothing_is_said_while_a_worker_listens(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hint, "AFTER", 0.1)
    gate = GATES["busy"] = threading.Event()
    with rrq.worker_spawn(1):
        busy = q.submit(wait_at, "busy")
        with pytest.raises(rrq.TaskTimeout):
            rrq.task_wait([busy, q.submit(double, 1)], timeout=0.7)
        gate.set()
    assert capsys.readouterr().err == ""


def test_who_waits_looks_after_the_queue(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[None]()

    def recover(queue: object) -> Recovered:
        calls.append(None)
        return Recovered()

    monkeypatch.setattr(type(q.backend.queue), "recover", recover)
    with pytest.raises(rrq.TaskTimeout):
        rrq.task_wait(q.submit(double, 1), timeout=0.5, time_poll=0.05)
    assert len(calls) >= 2


def threads_of(q: rrq.Controller) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"rrq-inbox-{q.inbox.id}"]


def test_a_thread_that_waits_needs_no_other_to_listen(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    assert q.submit(double, 1).result(GRACE) == 2
    assert threads_of(q) == []


def test_all_threads_that_wait_are_told_whoever_listens(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait, "LOOK_UP", 1000.0)
    gates = [f"several {number}" for number in range(3)]
    GATES.update({gate: threading.Event() for gate in gates})
    told = list[object]()
    threads = [in_background(told, q.submit(wait_at, gate), GRACE) for gate in gates]
    wait_until(lambda: len(q.inbox._wishes.wanted()) == len(gates), "all of them wait")
    for number, gate in enumerate(gates, start=1):
        GATES[gate].set()
        wait_until(lambda number=number: len(told) == number, "one more was told")
    for thread in threads:
        thread.join()
    assert told == [True] * 3


def test_the_thread_of_the_inbox_goes_when_nobody_waits(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "LINGER", 0.0)

    async def result() -> int:
        return await q.submit(double, 1)

    assert asyncio.run(result()) == 2
    wait_until(lambda: not threads_of(q), "the thread is gone")


def test_a_wait_for_a_task_that_is_no_longer_impossible_lasts_until_it_is_over(
    q: rrq.Controller, workers: rrq.WorkerManager, tmp_path: Path
) -> None:
    GATES["revived"] = threading.Event()
    parent = q.submit(fail_once, str(tmp_path / "was here"), "revived")
    parent.wait(GRACE)
    child = rrq.task_create_call(double, [parent])  # IMPOSSIBLE at once, of which there is news
    q.submit(double, 1).wait(GRACE)
    parent.retry()
    threading.Timer(0.1, GATES["revived"].set).start()
    assert child.wait(GRACE)


def test_a_wait_for_a_task_that_was_retried_unheard_lasts_until_the_new_one_is_over(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    GATES["unheard"] = threading.Event()
    GATES["unheard"].set()
    q.submit(double, 1).wait(GRACE)
    task = q.submit(wait_at, "unheard")
    wait_until(lambda: task.status().is_terminal, "it is over")
    GATES["unheard"].clear()
    new = task.retry()
    threading.Timer(0.1, GATES["unheard"].set).start()
    assert task.wait(GRACE)
    assert new.status().is_terminal
