"""`Worker`: a worker that is driven call by call."""

import gc
import os
import threading
from collections.abc import Iterator

import pytest

import rrq_core as rrq
from rrq_core.errors import BackendUnavailable, Closed, InvalidArgument, NotInTask
from rrq_core.testing import Faults, ManualClock


@pytest.fixture
def worker(q: rrq.Controller) -> Iterator[rrq.Worker]:
    with rrq.Worker("lab", worker_id="w", url=q.url) as worker:
        yield worker


def lines() -> list[str]:
    return [f"{entry.command} {entry.message}".rstrip() for entry in rrq.worker_log_tail("w", None)]


def test_a_worker_is_registered_as_soon_as_it_is_made(q: rrq.Controller, worker: rrq.Worker) -> None:
    assert rrq.worker_status() == {"w": "IDLE"}
    assert (worker.id, worker.config) == ("w", "localhost")


def test_it_tells_where_it_runs(worker: rrq.Worker) -> None:
    assert worker.info().pid == os.getpid()
    assert rrq.worker_info("w")["w"] == worker.info()


def test_its_controller_is_one_of_its_queue(worker: rrq.Worker) -> None:
    task = worker.controller.submit(abs, -1)
    worker.step(immediate=True)
    assert task.result() == 1


def test_a_step_sees_to_one_task(q: rrq.Controller, worker: rrq.Worker) -> None:
    first, second = q.submit(abs, -1), q.submit(abs, -2)
    assert worker.step(immediate=True)
    assert (first.status(), second.status()) == ("COMPLETE", "PENDING")


def test_a_step_sees_to_messages_first(q: rrq.Controller, worker: rrq.Worker) -> None:
    task = q.submit(abs, -1)
    message = rrq.message_send("PING")
    worker.step(immediate=True)
    assert rrq.message_get_response(message) == {"w": "PONG"}
    assert task.status() == "PENDING"


def test_a_step_with_nothing_to_do_does_not_wait_when_it_is_told_not_to(worker: rrq.Worker) -> None:
    assert not worker.step(immediate=True)


def test_a_step_waits_for_something_to_do(q: rrq.Controller, worker: rrq.Worker) -> None:
    worker.step(immediate=True)
    later = threading.Timer(0.05, lambda: q.submit(abs, -1))
    later.start()
    assert worker.step()
    later.join()


def test_what_is_polled_is_claimed_and_not_run(q: rrq.Controller, worker: rrq.Worker) -> None:
    task = q.submit(abs, -1)
    assert worker.poll(immediate=True) == task
    assert rrq.worker_task_id("w") == {"w": task.id}
    assert task.status() == "RUNNING"


def test_what_is_polled_is_what_the_next_step_sees_to(q: rrq.Controller, worker: rrq.Worker) -> None:
    first, second = q.submit(abs, -1), q.submit(abs, -2)
    assert worker.poll(immediate=True) == worker.poll(immediate=True) == first
    worker.step(immediate=True)
    assert (first.status(), second.status()) == ("COMPLETE", "PENDING")


def test_a_message_is_polled_by_its_id(worker: rrq.Worker) -> None:
    message = rrq.message_send("PING")
    assert worker.poll(immediate=True) == message


def test_nothing_is_polled_where_there_is_nothing(worker: rrq.Worker) -> None:
    assert worker.poll(immediate=True) is None


def test_a_loop_works_until_it_is_told_to_stop(q: rrq.Controller, worker: rrq.Worker) -> None:
    tasks = q.map(abs, [-1, -2])
    worker.poll(immediate=True)
    rrq.message_send("STOP")
    q.submit(abs, -3)
    worker.loop()
    assert [str(task.status()) for task in tasks] == ["COMPLETE", "PENDING"]
    assert rrq.worker_status("w") == {"w": "EXITED"}
    assert not worker.is_registered


def test_a_step_by_which_it_is_told_to_stop_signs_it_off(q: rrq.Controller, worker: rrq.Worker) -> None:
    message = rrq.message_send("STOP")
    assert worker.step(immediate=True)
    assert not worker.is_registered
    assert lines()[-1] == "STOP OK (BYE)"
    assert rrq.message_get_response(message) == {"w": "BYE"}


def test_a_loop_that_does_not_wait_ends_when_there_is_nothing_left(q: rrq.Controller, worker: rrq.Worker) -> None:
    tasks = q.map(abs, [-1, -2])
    worker.loop(immediate=True)
    assert tasks.results() == [1, 2]
    assert rrq.worker_status("w") == {"w": "IDLE"}


def test_a_worker_that_has_signed_off_says_so(worker: rrq.Worker) -> None:
    worker.shutdown()
    for call in (worker.step, worker.poll, worker.loop, worker.info, worker.load_envir, worker.timer_start):
        with pytest.raises(Closed, match="signed off"):
            call()


def test_a_shutdown_says_why_in_the_log(q: rrq.Controller, worker: rrq.Worker) -> None:
    worker.shutdown("DONE\nfor today")
    worker.shutdown()
    assert lines()[-1] == "STOP OK (DONE for today)"
    assert rrq.worker_status("w") == {"w": "EXITED"}


def test_a_shutdown_does_not_wait_for_a_store_that_is_away(url: str) -> None:
    faults = Faults()
    with rrq.connect("lab", faults.url(url)) as q:
        worker = rrq.Worker("lab", worker_id="w", url=q.url)
        faults.unavailable("Workers.leave", times=2)
        with pytest.raises(BackendUnavailable):
            worker.shutdown()
        assert not worker.is_registered


def test_what_was_claimed_and_not_begun_is_given_back(q: rrq.Controller, worker: rrq.Worker) -> None:
    task = q.submit(abs, -1)
    worker.poll(immediate=True)
    worker.shutdown()
    assert task.status() == "PENDING"


def test_after_a_shutdown_without_grace_its_task_is_that_of_a_lost_worker(
    q: rrq.Controller, worker: rrq.Worker
) -> None:
    task = q.submit(abs, -1)
    worker.poll(immediate=True)
    worker.shutdown("ERROR", graceful=False)
    assert task.status() == "DIED"


def poll_and_fail(url: str) -> None:
    with rrq.Worker("lab", worker_id="w", url=url) as worker:
        worker.poll(immediate=True)
        raise ZeroDivisionError


def test_an_error_in_its_block_ends_it_without_grace(q: rrq.Controller) -> None:
    q.submit(abs, -1)
    with pytest.raises(ZeroDivisionError):
        poll_and_fail(q.url)
    assert rrq.task_overview()[rrq.TaskStatus.DIED] == 1
    assert lines()[-1] == "STOP ERROR (ZeroDivisionError)"


def test_a_line_is_written_into_the_log_and_printed(worker: rrq.Worker, capsys: pytest.CaptureFixture[str]) -> None:
    worker.log("CHECKED", ["three", "of\nfour"])
    worker.log("DONE")
    assert lines()[-2:] == ["CHECKED three of four", "DONE"]
    assert [line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()] == lines()


@pytest.mark.parametrize("label", ["", "TWO WORDS", "A\n", 1, None])
def test_a_label_is_a_word(worker: rrq.Worker, label: str) -> None:
    with pytest.raises(InvalidArgument, match="label is one word"):
        worker.log(label)


@pytest.mark.parametrize("value", [1, ["a", 2], {"a": "b"}])
def test_what_is_logged_is_text(worker: rrq.Worker, value: str) -> None:
    with pytest.raises(InvalidArgument, match="value is a text"):
        worker.log("L", value)


def test_one_task_is_run_wherever_it_stands(q: rrq.Controller, worker: rrq.Worker) -> None:
    first, second = q.submit(abs, -1), q.options(queue="elsewhere").submit(abs, -2)
    assert worker.task_eval(second) == "COMPLETE"
    assert (first.status(), second.result()) == ("PENDING", 2)


def test_the_status_of_a_task_that_is_run_is_how_it_ended(q: rrq.Controller, worker: rrq.Worker) -> None:
    assert worker.task_eval(q.submit(int, "x").id) == "ERROR"


def test_a_task_that_has_ended_is_not_run(q: rrq.Controller, worker: rrq.Worker) -> None:
    task = q.submit(abs, -1)
    worker.task_eval(task)
    with pytest.raises(InvalidArgument, match="COMPLETE"):
        worker.task_eval(task)


def test_an_unknown_task_is_not_run(worker: rrq.Worker) -> None:
    with pytest.raises(rrq.TaskNotFound):
        worker.task_eval("0" * 32)


def test_progress_is_that_of_the_task_that_runs(q: rrq.Controller, worker: rrq.Worker) -> None:
    task = q.submit(worker_progress, "half")
    TELLERS["half"] = worker
    worker.step(immediate=True)
    assert task.result() is None
    assert task.progress() == "half"


TELLERS: dict[str, rrq.Worker] = {}


def worker_progress(text: str) -> None:
    TELLERS.pop(text).progress(text)


def test_progress_without_a_task_is_an_error_unless_it_shall_not_be(worker: rrq.Worker) -> None:
    with pytest.raises(NotInTask):
        worker.progress(1)
    worker.progress(1, error=False)


def test_its_environment_is_made_anew(q: rrq.Controller, worker: rrq.Worker) -> None:
    worker.step(immediate=True)
    worker.load_envir()
    assert [line for line in lines() if line == "ENVIR new"] == ["ENVIR new"] * 2


def test_its_idle_time_counts_from_when_it_is_told(q: rrq.Controller) -> None:
    rrq.worker_config_save("hasty", rrq.worker_config(timeout_idle=100))
    with ManualClock() as clock, rrq.Worker("lab", "hasty", "w", url=q.url) as worker:
        clock.move(90)
        worker.timer_start()
        clock.move(90)
        message = rrq.message_send("TIMEOUT_GET")
        worker.step(immediate=True)
        assert rrq.message_get_response(message) == {"w": {"timeout_idle": 100, "remaining": 10}}


def test_a_loop_ends_when_the_worker_was_idle_for_too_long(q: rrq.Controller) -> None:
    rrq.worker_config_save("hasty", rrq.worker_config(timeout_idle=0.01))
    with rrq.Worker("lab", "hasty", "w", url=q.url) as worker:
        worker.loop()
    assert (worker.config, lines()[-1]) == ("hasty", "STOP OK (TIMEOUT)")


def test_a_worker_that_is_dropped_leaves(q: rrq.Controller) -> None:
    rrq.Worker("lab", worker_id="w", url=q.url)
    gc.collect()
    assert rrq.worker_status("w") == {"w": "EXITED"}
    assert lines()[-1] == "STOP OK (dropped)"
