"""Tasks in processes of their own, whatever they do there: the worker lives, and nothing is left of them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.e2e import tasks_in_processes as tasks
from tests.e2e.process_lab import ProcessLab, await_deaths, process_lab
from tests.servers import private_server


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessLab]:
    """One worker for all tests here: what one task does to its process, the next one would see."""
    directory = tmp_path_factory.mktemp("lab")
    with (
        private_server() as server,
        process_lab(server.url, directory, logdir=directory / "logs", timeout_process_die=0.5) as lab,
    ):
        yield lab


def test_a_task_has_a_clean_process_that_knows_what_it_is_for(lab: ProcessLab) -> None:
    task = lab.submit(tasks.where)
    found = task.result(timeout=30)
    assert found["pid"] == found["session"] != lab.worker.pid
    assert found["input"] == ""
    assert found["env"] == {"RRQ_TASK_ID": task.id, "RRQ_WORKER_ID": lab.workers.id[0], "RRQ_ATTEMPT": "1"}
    assert not found["redis"]
    assert task.info().pid == found["pid"]


def test_what_one_task_changes_the_next_does_not_see(lab: ProcessLab, tmp_path: Path) -> None:
    before = lab.run(tasks.traces)
    lab.run(tasks.leave_traces, str(tmp_path))
    assert lab.run(tasks.traces) == before


def test_three_tasks_draw_three_random_numbers(lab: ProcessLab) -> None:
    assert len({lab.run(tasks.draw) for _ in range(3)}) == 3


def test_environment_variables_are_those_of_the_task_alone(lab: ProcessLab) -> None:
    assert lab.run(os.getenv, "LAB_MODE", env={"LAB_MODE": "fast"}) == "fast"
    assert lab.run(os.getenv, "LAB_MODE") is None


def test_values_of_any_size_go_both_ways_and_leave_no_file(lab: ProcessLab) -> None:
    data = os.urandom(3_000_000)
    assert lab.run(tasks.reverse, data) == data[::-1]
    scratch = [path for path in Path("/tmp").glob("rrq-worker-*") if os.access(path, os.R_OK)]
    assert [part for path in scratch for part in path.glob("part-*")] == []


def test_an_exception_comes_back_with_its_warnings(lab: ProcessLab) -> None:
    error = lab.error(lab.submit(tasks.warn_and_fail), "ERROR")
    assert isinstance(error.cause, KeyError)
    assert "careful" in error.warnings[0]
    assert "warn_and_fail" in error.trace


@pytest.mark.parametrize("function", [tasks.hold_the_interpreter, tasks.wait_deaf], ids=["in C", "deaf"])
def test_a_task_ends_at_its_limit_whatever_it_does(lab: ProcessLab, function: object, tmp_path: Path) -> None:
    args = (str(tmp_path / "started"),) if function is tasks.wait_deaf else ()
    error = lab.error(lab.submit(function, *args, timeout_task_run=0.3), "TIMEOUT")
    assert "took longer than timeout_task_run=0.3 s" in str(error)
    assert isinstance(error.cause, TimeoutError)


@pytest.mark.parametrize("function", [tasks.wait_long, tasks.wait_deaf, tasks.start_processes_and_wait])
def test_a_cancelled_task_ends_with_all_that_it_has_started(lab: ProcessLab, function: object) -> None:
    task, pids = lab.started(function)
    task.cancel()
    assert "it was cancelled" in str(lab.error(task, "CANCELLED"))
    await_deaths(pids)
    assert f"CANCEL {task.id}" in lab.log()


def test_a_task_that_completes_all_the_same_is_complete(lab: ProcessLab) -> None:
    task, _ = lab.started(tasks.complete_when_asked_to_stop)
    rrq.task_cancel(task, wait=False, controller=lab.queue)
    assert task.result(timeout=30) == "complete"


def test_nothing_that_a_task_has_started_outlives_it(lab: ProcessLab) -> None:
    await_deaths(lab.run(tasks.start_processes))
    assert lab.zygote.children() == []


@pytest.mark.parametrize(("code", "says"), [(0, "exit status 0"), (3, "exit status 3")])
def test_a_process_that_ends_by_itself_has_died_with_its_status(lab: ProcessLab, code: int, says: str) -> None:
    assert says in str(lab.error(lab.submit(tasks.end_at_once, code), "DIED"))


def test_a_crash_of_the_interpreter_is_told_by_its_signal(lab: ProcessLab) -> None:
    task = lab.submit(tasks.crash)
    assert "killed by SIGSEGV" in str(lab.error(task, "DIED"))
    assert any(line == "STOP ERROR (killed by SIGSEGV)" for line in lab.log())


def test_a_task_that_closes_what_it_does_not_know_has_died(lab: ProcessLab) -> None:
    assert "without a result" in str(lab.error(lab.submit(tasks.close_everything), "DIED"))


def test_a_task_that_writes_nonsense_to_its_worker_has_died(lab: ProcessLab) -> None:
    assert "cannot be read" in str(lab.error(lab.submit(tasks.write_nonsense), "DIED"))
    assert lab.run(tasks.draw)


def test_a_hundred_megabytes_go_to_the_file_and_not_into_memory(lab: ProcessLab) -> None:
    before = lab.worker.memory_info().rss
    task = lab.submit(tasks.print_much, 100)
    assert task.result(timeout=60) == "printed"
    assert lab.worker.memory_info().rss < before + 50_000_000
    assert (lab.directory / "logs" / task.id).stat().st_size > 100_000_000
    log = task.log()
    assert (log[0], log[-1], len(log)) == ("first line", "last line", 102)
    (lab.directory / "logs" / task.id).unlink()
    tail = task.log()
    assert re.match(r"\[\d+ bytes .* omitted\]", tail[0])
    assert sum(len(line) + 1 for line in tail) == 64 * 1024


def test_bytes_of_any_kind_are_readable_lines(lab: ProcessLab) -> None:
    task = lab.submit(tasks.print_odd_bytes)
    assert task.wait(timeout=30)
    log = "\n".join(task.log())
    for part in ("caf\\xe9 \x00\n", "apr\u00e8s\n", "from C", "from another program\n", "no end"):
        assert part in log


def test_a_log_can_be_followed_while_it_is_written(lab: ProcessLab, tmp_path: Path) -> None:
    until = tmp_path / "until"
    task = lab.submit(tasks.print_and_wait, str(until))
    lines = task.log(follow=True)
    assert next(lines) == "begun"
    assert task.log() == ["begun"]
    until.touch()
    assert list(lines) == ["ended"]


def test_a_fork_of_a_task_hands_in_nothing(lab: ProcessLab) -> None:
    task = lab.submit(tasks.fork_and_return)
    assert task.result(timeout=30) == task.info().pid


def test_a_fork_of_a_task_tells_no_progress(lab: ProcessLab) -> None:
    task = lab.submit(tasks.tell_progress_in_a_fork)
    assert task.wait(timeout=30)
    assert task.progress() is None


def test_threads_that_are_left_running_hold_nothing_up(lab: ProcessLab) -> None:
    assert lab.run(tasks.leave_threads) == "returned"


def test_what_a_task_registers_for_its_end_is_done(lab: ProcessLab, tmp_path: Path) -> None:
    lab.run(tasks.clean_up_at_exit, str(tmp_path / "cleaned"))
    assert (tmp_path / "cleaned").exists()


def test_what_it_registers_holds_its_outcome_up_for_a_moment_only(lab: ProcessLab) -> None:
    assert lab.run(tasks.hang_at_exit) == "returned"


def test_a_task_that_uses_too_much_memory_is_stopped(lab: ProcessLab) -> None:
    error = lab.error(lab.submit(tasks.grow, 200, memory="100 MB"), "DIED")
    assert re.search(r"used \d\d\d(\.\d)? MB of 100 MB", str(error))
    assert isinstance(error.cause, MemoryError)


def test_progress_is_seen_while_the_task_runs(lab: ProcessLab, tmp_path: Path) -> None:
    until = tmp_path / "until"
    task = lab.submit(tasks.tell_progress, str(until))
    wait_until(lambda: task.progress() == "half way", "the progress is told")
    assert task.status() == "RUNNING"
    until.touch()
    assert task.wait(timeout=30)
    assert task.progress() == "half way"


def test_a_checkpoint_outlives_errors_and_processes_that_die(lab: ProcessLab) -> None:
    task = lab.submit(tasks.go_on, retries=1)
    lab.error(task, "DIED")
    again = task.retry()
    (first, second, id) = again.result(timeout=30)
    assert ([first[0], second[0], id], first[1] == second[1]) == ([1, 2, again.id], False)


def test_the_log_of_the_worker_tells_of_the_process(lab: ProcessLab) -> None:
    task = lab.submit(tasks.draw)
    pid = task.wait(timeout=30) and task.info().pid
    entries = rrq.worker_log_tail(lab.workers.id, 6, controller=lab.queue)
    assert [(entry.command, entry.message, entry.child) for entry in entries] == [
        ("TASK_START", task.id, None),
        ("REMOTE", task.id, None),
        ("CHILD", "", pid),
        ("ENVIR", "new", pid),
        ("STOP", "OK", pid),
        ("TASK_COMPLETE", task.id, None),
    ]


def test_a_task_that_is_deleted_meanwhile_is_stopped_and_forgotten(lab: ProcessLab) -> None:
    task, pids = lab.started(tasks.wait_deaf)
    lab.queue.backend.queue.delete([task.id], even_running=True)
    await_deaths(pids)
    assert lab.run(os.getpid)
    assert not rrq.task_exists(task, controller=lab.queue)


def test_a_message_is_answered_soon_after_a_process_that_lasted(lab: ProcessLab) -> None:
    task, _ = lab.started(tasks.wait_long)
    task.cancel()
    answers = rrq.message_send_and_wait("PING", timeout=3, progress=False, controller=lab.queue)
    assert list(answers.values()) == ["PONG"]


def test_the_worker_and_its_zygote_stay_the_same_through_all_this(lab: ProcessLab) -> None:
    zygote = lab.zygote.pid
    lab.error(lab.submit(tasks.crash), "DIED")
    lab.run(tasks.draw)
    assert lab.zygote.pid == zygote
    assert psutil.Process(zygote).num_threads() == 1
    assert rrq.check(controller=lab.queue).ok
