"""What goes wrong on the way to a store, on demand."""

import gc
import threading

import pytest

import rrq_core as rrq
from rrq_core.errors import BackendFull, BackendUnavailable, InvalidArgument
from rrq_core.testing import Crash, Faults


def test_nothing_goes_wrong_until_it_is_told_to(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    assert rrq_queue.submit(abs, -1).result(timeout=10) == 1


def test_calls_are_noted_by_port_and_name(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    before = len(rrq_faults.calls)
    rrq.task_list()
    assert rrq_faults.calls[before:].count("Queue.tasks") == 1


def test_a_call_that_is_unavailable_does_not_reach_the_store(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    rrq_faults.unavailable("Queue.submit", times=2)
    for _ in range(2):
        with pytest.raises(BackendUnavailable, match=r"Queue\.submit.*did not reach"):
            rrq_queue.submit(abs, -1)
    assert rrq.task_list() == []
    assert rrq_queue.submit(abs, -1).result(timeout=10) == 1


def test_a_lost_reply_is_of_a_call_that_was_done(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    rrq_faults.lose_reply("Queue.submit")
    with pytest.raises(BackendUnavailable, match="reply was to get lost"):
        rrq_queue.submit(abs, -1)
    assert len(rrq.task_list()) == 1


def test_a_store_refuses_with_the_error_that_it_is_given(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    rrq_faults.refuse("Queue.submit", BackendFull("no room"))
    with pytest.raises(BackendFull, match="no room"):
        rrq_queue.submit(abs, -1)


def test_a_worker_bears_a_store_that_is_away_and_loses_no_result(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    rrq_faults.lose_reply("Queue.step")
    rrq_faults.unavailable("Queue.step")
    task = rrq_queue.submit(abs, -1)
    assert task.result(timeout=20) == 1
    assert len(task.info().attempts) == 1


def test_what_is_cleared_does_not_go_wrong(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    rrq_faults.unavailable("Queue.tasks", times=9)
    rrq_faults.clear()
    assert rrq.task_list() == []


def test_after_a_crash_its_thread_calls_nothing_any_more(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    rrq_faults.crash("Queue.submit")
    with pytest.raises(Crash, match=r"before Queue\.submit"):
        rrq_queue.submit(abs, -1)
    with pytest.raises(Crash, match=r"before Queue\.submit"):
        rrq.task_list()
    rrq_faults.clear()
    assert rrq.task_list() == []


def test_a_crash_may_come_after_the_call_was_done(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    rrq_faults.crash("Queue.submit", executed=True)
    with pytest.raises(Crash, match=r"after Queue\.submit"):
        rrq_queue.submit(abs, -1)
    rrq_faults.clear()
    assert len(rrq.task_list()) == 1


def test_a_crash_is_that_of_one_thread(rrq_faults: Faults, rrq_queue: rrq.Controller) -> None:
    rrq_faults.crash_at(1)
    found: list[list[str]] = []
    thread = threading.Thread(target=lambda: found.append(rrq.task_list(controller=rrq_queue)))
    thread.start()
    thread.join()
    assert found == [[]]
    with pytest.raises(Crash, match=r"before call 1, Queue\.tasks"):
        rrq.task_list()


@pytest.mark.parametrize("call", ["Queue.steps", "step", "queue.step", "Offload.mget", "Queue._step"])
def test_an_unknown_call_is_refused_with_a_list_of_those_there_are(rrq_faults: Faults, call: str) -> None:
    for arm in (rrq_faults.unavailable, rrq_faults.lose_reply, rrq_faults.crash):
        with pytest.raises(InvalidArgument, match=r"no call .*; there are: .*Queue\.step, .*Workers\.register"):
            arm(call)


@pytest.mark.parametrize("times", [0, -1, 1.0, True, "1"])
def test_a_number_of_calls_is_one(rrq_faults: Faults, times: int) -> None:
    with pytest.raises(InvalidArgument, match="counted from 1"):
        rrq_faults.unavailable("Queue.step", times=times)


def test_a_store_answers_with_its_own_errors_only(rrq_faults: Faults) -> None:
    with pytest.raises(InvalidArgument, match="BackendError"):
        rrq_faults.refuse("Queue.step", ValueError("x"))  # type: ignore[arg-type]


def test_faults_that_are_gone_say_what_their_url_stood_for() -> None:
    url = Faults().url("memory://gone")
    gc.collect()
    with pytest.raises(InvalidArgument, match="memory://gone"):
        rrq.connect("lab", url)


def test_other_processes_go_to_a_shared_store_directly(rrq_faults: Faults, rrq_server: str) -> None:
    with rrq.connect("lab", rrq_faults.url(rrq_server)) as controller:
        assert controller.url == rrq_server
        rrq_faults.unavailable("Queue.tasks")
        with pytest.raises(BackendUnavailable):
            rrq.task_list()
