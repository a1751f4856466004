"""The environment in the processes of tasks. These are real processes."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from rrq_core.model.ids import new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.work import Work
from rrq_core.payload import Context, Create, Failure, PayloadKind, decode_failure, decode_value, encode_create
from rrq_core.worker.process.runner import SeparateProcesses
from tests.unit.worker.elsewhere import encoded_elsewhere
from tests.unit.worker.process.runner_lab import QUEUE, Lab, work_of

VALUE = Context(kind=PayloadKind.VALUE, queue_id=QUEUE)
CLASSES = """
from __future__ import annotations
from dataclasses import dataclass
from typing import get_type_hints
class Planet: pass
@dataclass
class Orbit:
    around: Planet
def rate():
    return get_type_hints(Orbit)["around"] is Planet
"""
WAYS = pytest.mark.parametrize("process", ["fork", "fresh"])


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.close()


def work_of_rate() -> Work:
    """A task that calls a function which only the environment has."""
    work, task = work_of(abs, -1), new_task_id()
    return evolve(
        work, claim=evolve(work.claim, task=task), root=task, body=encoded_elsewhere("rate", QUEUE, task).body
    )


def rate_is(value: object) -> Create:
    return lambda names: names.update(rate=lambda: value)


def broken(names: dict[str, object]) -> None:
    raise ValueError("no such planet")


def value(processes: SeparateProcesses) -> object:
    ended = processes.run(work_of_rate()).finished
    assert ended.status is TaskStatus.COMPLETE, decode_failure(ended.result.data, VALUE).trace
    return decode_value(ended.result.data, VALUE)


def failure(lab: Lab, processes: SeparateProcesses) -> Failure:
    ran = processes.run(work_of_rate())
    lab.note(ran.news)
    assert ran.finished.status is TaskStatus.ERROR
    return decode_failure(ran.finished.result.data, VALUE)


@WAYS
def test_a_task_finds_a_function_of_the_environment(lab: Lab, process: str) -> None:
    lab.create = encode_create(rate_is(41), QUEUE)
    assert value(lab.processes(process=process)) == 41


@WAYS
def test_a_broken_environment_is_the_error_of_each_task(lab: Lab, process: str) -> None:
    lab.create = encode_create(broken, QUEUE)
    processes = lab.processes(process=process)
    for _ in range(2):
        told = failure(lab, processes)
        assert "ValueError: no such planet" in told.message
        assert 'raise ValueError("no such planet")' in told.trace


def test_a_broken_zygote_is_in_the_log_once(lab: Lab) -> None:
    lab.create = encode_create(broken, QUEUE)
    processes = lab.processes(process="fork")
    for _ in range(2):
        failure(lab, processes)
    assert lab.lines == ["ENVIR ERROR ValueError: no such planet"]


@WAYS
def test_a_refresh_mends(lab: Lab, process: str) -> None:
    lab.create = encode_create(broken, QUEUE)
    processes = lab.processes(process=process)
    failure(lab, processes)
    lab.create = encode_create(rate_is(1), QUEUE)
    processes.refresh()
    assert value(processes) == 1


@WAYS
def test_a_refresh_replaces_what_was_there(lab: Lab, process: str) -> None:
    lab.create = encode_create(rate_is(1), QUEUE)
    processes = lab.processes(process=process)
    assert value(processes) == 1
    lab.create = encode_create(rate_is(bytes(2_000_000)), QUEUE)
    processes.refresh()
    assert value(processes) == bytes(2_000_000)


def starts_a_thread(names: dict[str, object]) -> None:
    threading.Thread(target=threading.Event().wait, name="ticker", daemon=True).start()
    names["rate"] = threading.active_count


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_an_environment_with_threads_is_not_forked_which_is_said_once(lab: Lab) -> None:
    lab.create = encode_create(starts_a_thread, QUEUE)
    processes = lab.processes()
    for _ in range(2):
        assert lab.run(processes, work_of_rate()) is TaskStatus.COMPLETE
    assert [line for line in lab.lines if "FRESH" in line] == [
        "FRESH there are threads that a fork would leave behind: ticker"
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_what_the_first_task_prints_is_kept_though_its_zygote_was_replaced(lab: Lab) -> None:
    lab.create = encode_create(starts_a_thread, QUEUE)
    assert lab.processes().run(work_of(print, "printed")).finished.log == b"printed\n"


def test_what_is_the_same_after_a_refresh_is_not_said_again(lab: Lab) -> None:
    processes = lab.processes(process="fresh")
    for _ in range(2):
        lab.run(processes, work_of(abs, -1))
        processes.refresh()
    assert len([line for line in lab.lines if "FRESH" in line]) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_after_a_refresh_there_may_be_forks_again(lab: Lab) -> None:
    lab.create = encode_create(starts_a_thread, QUEUE)
    processes = lab.processes()
    lab.run(processes, work_of_rate())
    lab.create = None
    processes.refresh()
    lab.lines.clear()
    lab.run(processes, work_of(abs, -1))
    assert not any("FRESH" in line for line in lab.lines)


@WAYS
def test_a_task_finds_the_types_that_a_class_of_the_environment_names(lab: Lab, process: str) -> None:
    lab.create = encode_create(lambda names: exec(CLASSES, names), QUEUE)
    assert value(lab.processes(process=process)) is True
