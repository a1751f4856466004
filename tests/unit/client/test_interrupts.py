"""Ctrl-C at a worker that is driven by hand."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest

import rrq_core as rrq
from rrq_core.testing import wait_until


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    """SIGINT goes to Python's own handler, also where the tests were started by a shell in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def worker(q: rrq.Controller) -> Iterator[rrq.Worker]:
    with rrq.Worker("lab", worker_id="w", url=q.url) as worker:
        yield worker


def test_ctrl_c_ends_the_task_and_the_loop_and_the_worker_goes_on(q: rrq.Controller, worker: rrq.Worker) -> None:
    first, second = q.submit(signal.raise_signal, signal.SIGINT), q.submit(abs, -1)
    with pytest.raises(KeyboardInterrupt):
        worker.loop()
    assert (first.status(), second.status()) == ("ERROR", "PENDING")
    worker.loop(immediate=True)
    assert second.result() == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("drive", [rrq.Worker.step, lambda worker: worker.task_eval(rrq.task_list()[0])])
def test_ctrl_c_ends_a_single_call_when_the_error_of_its_task_is_kept(
    q: rrq.Controller, worker: rrq.Worker, drive: Callable[[rrq.Worker], object]
) -> None:
    task = q.submit(signal.raise_signal, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        drive(worker)
    assert task.status() == "ERROR"


def press_when(is_time: Callable[[], object], what: str) -> threading.Thread:
    """Press Ctrl-C when something is so, from another thread."""

    def press() -> None:
        with suppress(AssertionError):  # what else is asserted then tells
            wait_until(is_time, what, timeout=20)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    return presser


def test_ctrl_c_ends_a_task_in_a_process_of_its_own(q: rrq.Controller, worker: rrq.Worker) -> None:
    task = q.options(separate_process=True).submit(time.sleep, 1000)
    presser = press_when(lambda: task.info().pid, "its process is there")
    with pytest.raises(KeyboardInterrupt):
        worker.step()
    presser.join()
    assert task.status() == "ERROR"
    assert not psutil.pid_exists(task.info().pid)


def test_ctrl_c_while_it_waits_leaves_it_its_heartbeat(q: rrq.Controller) -> None:
    rrq.worker_config_save("quick", rrq.worker_config(heartbeat_period=0.05))
    with rrq.Worker("lab", "quick", "w", url=q.url) as worker:
        presser = press_when(
            lambda: [entry.command for entry in rrq.worker_log_tail("w")] == ["QUEUE"], "it waits for work"
        )
        with pytest.raises(KeyboardInterrupt):
            worker.loop()
        presser.join()
        left = [remaining(q, worker)]

        def is_renewed() -> bool:
            left.append(remaining(q, worker))
            return left[-1] > left[-2]

        wait_until(is_renewed, "its heartbeat was renewed")


def remaining(q: rrq.Controller, worker: rrq.Worker) -> float:
    return q.backend.heartbeat.remaining([str(worker.info().heartbeat_key)])[0] or 0.0
