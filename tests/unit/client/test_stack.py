"""What a running task is doing, of workers that are threads of this process."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until

GRACE = 30

begun, go = threading.Event(), threading.Event()


def hold() -> None:
    begun.set()
    assert go.wait(GRACE)


def hold_apart(begun: str) -> None:
    import pathlib
    import time

    pathlib.Path(begun).touch()
    time.sleep(GRACE)


async def hold_inside() -> None:
    begun.set()
    while not go.is_set():
        await asyncio.sleep(0.01)


async def hold_awaiting() -> None:
    await hold_inside()  # outside


@pytest.fixture
def held() -> Iterator[threading.Event]:
    begun.clear()
    go.clear()
    yield go
    go.set()


def test_it_is_seen_where_the_task_is(q: rrq.Controller, workers: rrq.WorkerManager, held: threading.Event) -> None:
    task = q.submit(hold)
    wait_until(begun.is_set, "the task has begun")
    stack = task.stack()
    assert "assert go.wait(GRACE)" in stack
    assert "rrq_core" not in stack


def test_of_a_coroutine_it_is_seen_what_it_awaits(
    q: rrq.Controller, workers: rrq.WorkerManager, held: threading.Event
) -> None:
    task = q.submit(hold_awaiting)
    wait_until(begun.is_set, "the task has begun")
    seen: list[str] = []

    def is_seen_asleep() -> bool:
        seen.append(task.stack())
        return "in sleep" in seen[-1]

    wait_until(is_seen_asleep, "it sleeps when it is looked at")
    stack = seen[-1]
    assert stack.index("await hold_inside()  # outside") < stack.index("in hold_inside")
    assert "rrq_core" not in stack


def test_it_is_seen_in_a_process_of_its_own_too(q: rrq.Controller, workers: rrq.WorkerManager, tmp_path: Path) -> None:
    task = q.options(separate_process=True).submit(hold_apart, str(tmp_path / "begun"))
    wait_until((tmp_path / "begun").exists, "the task has begun")
    stack = task.stack(GRACE)
    line = rrq.worker_log_tail(task.info().worker)[0]
    pid = task.info().pid
    task.cancel()
    assert "time.sleep(GRACE)" in stack.splitlines()[-1]
    assert (line.command, line.child) == ("STACK", pid)


def test_a_worker_of_another_store_with_its_name_is_not_asked(
    q: rrq.Controller, workers: rrq.WorkerManager, held: threading.Event
) -> None:
    with (
        rrq.connect(q.queue_id, f"{q.url}-2") as other,
        rrq.worker_spawn(2, worker_id_base="w", controller=other),
    ):
        task = q.submit(hold)
        wait_until(begun.is_set, "the task has begun")
        assert "in hold" in task.stack()


def test_a_task_that_does_not_run_has_none(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"is PENDING: only a task that is RUNNING has a stack"):
        q.submit(hold).stack()


def test_an_unknown_task_is_an_error(q: rrq.Controller) -> None:
    with pytest.raises(rrq.TaskNotFound):
        q.task("0" * 32).stack()


def test_the_time_is_checked(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match="timeout is a number of seconds"):
        q.submit(hold).stack(-1)
