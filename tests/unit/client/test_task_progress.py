"""What a task tells of how far it is, and who sees it."""

import asyncio
import contextvars
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

import rrq_core as rrq
from rrq_core.errors import BackendUnavailable
from rrq_core.model.ids import QueueId, TaskId, new_task_id
from rrq_core.model.task import TaskChange
from rrq_core.testing import wait_until
from rrq_core.worker.current import CurrentTask, enter_task
from tests.unit.client.calls import GATES, double

GRACE = 10


def tell_and_wait(value: object, gate: str) -> None:
    rrq.task_progress_update(value)
    GATES[gate].wait(GRACE)


def tell(*values: object) -> None:
    for value in values:
        rrq.task_progress_update(value, error=True)


def audit(*values: object) -> str:
    sys.audit("rrq.progress", *values)
    return "went on"


def tell_from_a_thread(in_context: bool) -> None:
    run: Callable[..., object] = contextvars.copy_context().run if in_context else lambda call, value: call(value)
    thread = threading.Thread(target=run, args=(rrq.task_progress_update, "from a thread"))
    thread.start()
    thread.join()


async def tell_from_a_coroutine() -> None:
    await asyncio.sleep(0)
    rrq.task_progress_update("from a coroutine")


def test_progress_is_seen_while_the_task_runs_and_after_it(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    GATES["progress"] = threading.Event()
    value = {"done": 3, "of": [4, (5,)]}
    task = q.submit(tell_and_wait, value, "progress")
    wait_until(lambda: rrq.task_progress(task) is not None, "it tells its progress")
    assert task.progress() == value
    assert task.status() == "RUNNING"
    GATES["progress"].set()
    assert task.wait(GRACE)
    assert task.progress() == value


def test_the_last_value_counts_and_none_clears(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    tasks = [q.submit(tell, 1, 2), q.submit(tell, 1, None), q.submit(double, 1)]
    rrq.task_wait(tasks, GRACE)
    assert [task.progress() for task in tasks] == [2, None, None]


def test_of_a_retried_task_the_progress_of_the_new_one_is_seen(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.submit(tell, "first")
    task.wait(GRACE)
    task.retry(queue="attic")
    assert rrq.task_progress(task) is None
    assert rrq.task_progress(task, follow=False) == "first"


def test_the_progress_of_an_unknown_task_is_an_error(q: rrq.Controller) -> None:
    with pytest.raises(rrq.TaskNotFound):
        rrq.task_progress(new_task_id())


def test_outside_of_a_task_nothing_happens_unless_an_error_is_wanted() -> None:
    rrq.task_progress_update("nobody listens")
    with pytest.raises(rrq.NotInTask, match="outside of a task"):
        rrq.task_progress_update("nobody listens", error=True)
    assert issubclass(rrq.NotInTask, RuntimeError)


def test_an_audit_event_is_progress_too(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    tasks = [q.submit(audit, "half way"), q.submit(audit, 3, 4), q.submit(audit)]
    assert [task.result(GRACE) for task in tasks] == ["went on"] * 3
    assert [task.progress() for task in tasks] == ["half way", (3, 4), None]


def test_an_audit_event_that_cannot_be_sent_does_not_disturb_the_task(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    task = q.submit(audit_a_lock)
    assert task.result(GRACE) == "went on"
    assert task.progress() is None


def audit_a_lock() -> str:
    return audit(threading.Lock())


def test_a_value_that_cannot_be_sent_is_an_error_that_names_it(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.submit(tell_a_lock)
    with pytest.raises(rrq.NotSendable, match=r"the progress cannot be sent: it is a _thread\.lock"):
        task.result(GRACE)


def tell_a_lock() -> None:
    rrq.task_progress_update(threading.Lock())


def test_a_coroutine_is_in_its_task_and_a_thread_only_in_a_copy_of_its_context(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    tasks = [
        q.submit(tell_from_a_coroutine),
        q.submit(tell_from_a_thread, in_context=True),
        q.submit(tell_from_a_thread, in_context=False),
    ]
    rrq.task_wait(tasks, GRACE)
    assert [task.progress() for task in tasks] == ["from a coroutine", "from a thread", None]


def in_a_task_whose_store_is_away(call: Callable[[], None]) -> None:
    def tell_nobody(_: TaskChange) -> None:
        raise BackendUnavailable("away")

    task = CurrentTask(id=TaskId("1" * 32), queue_id=QueueId("lab"), root=TaskId("1" * 32), attempt=1, tell=tell_nobody)

    def run() -> None:
        enter_task(task)
        call()

    contextvars.copy_context().run(run)


def test_a_store_that_is_away_does_not_disturb_the_task_unless_an_error_is_wanted() -> None:
    in_a_task_whose_store_is_away(lambda: rrq.task_progress_update(1))
    in_a_task_whose_store_is_away(lambda: sys.audit("rrq.progress", 1))
    with pytest.raises(BackendUnavailable):
        in_a_task_whose_store_is_away(lambda: rrq.task_progress_update(1, error=True))


def test_telling_progress_loads_nothing_of_the_client() -> None:
    program = "import sys, rrq_core; rrq_core.task_progress_update(1); print('rrq_core.client' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "False"
