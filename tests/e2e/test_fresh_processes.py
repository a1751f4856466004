"""Processes of tasks that are fresh interpreters: where that is wished for, on memory://, and where a fork hangs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import tasks_in_processes as tasks
from tests.e2e.process_lab import ProcessLab, await_deaths, process_lab
from tests.servers import private_server


@pytest.fixture(scope="module", params=["redis", "memory"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessLab]:
    directory = tmp_path_factory.mktemp("lab")
    if request.param == "memory":
        with process_lab("memory://fresh", directory, timeout_process_die=0.5) as lab:
            yield lab
        return
    with private_server() as server, process_lab(server.url, directory, process="fresh") as lab:
        yield lab


def test_the_log_says_once_that_processes_are_fresh_and_why(lab: ProcessLab) -> None:
    lab.run(tasks.draw)
    assert len([line for line in lab.log() if line in FRESH]) == 1


FRESH = ("FRESH this worker is a thread", "FRESH its configuration says so")


def test_a_task_has_a_clean_process(lab: ProcessLab) -> None:
    task = lab.submit(tasks.where, env={"LAB": "1"})
    found = task.result(timeout=30)
    assert found["pid"] == found["session"] == task.info().pid
    assert found["env"] == {"RRQ_TASK_ID": task.id, "RRQ_WORKER_ID": lab.workers.id[0], "RRQ_ATTEMPT": "1"}
    assert not found["redis"]


def test_limits_and_cancelling_are_real(lab: ProcessLab) -> None:
    assert "timeout_task_run" in str(lab.error(lab.submit(tasks.hold_the_interpreter, timeout_task_run=0.3), "TIMEOUT"))
    task, pids = lab.started(tasks.start_processes_and_wait)
    task.cancel()
    lab.error(task, "CANCELLED")
    await_deaths(pids)


def test_the_tail_of_what_was_printed_is_kept_without_a_log_directory(lab: ProcessLab, tmp_path: Path) -> None:
    task = lab.submit(tasks.print_and_wait, str(tmp_path / "until"))
    lines = task.log(follow=True)
    (tmp_path / "until").touch()
    assert list(lines) == ["begun", "ended"]
    assert task.log() == ["begun", "ended"]
    assert task.info().pid
