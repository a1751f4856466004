"""Options of tasks: what is taken, what is refused before anything is written, and that they reach their task."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

import rrq_core as rrq
from rrq_core.client.options import OptionArguments, TaskOptions, task_options
from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import QueueId
from rrq_core.model.status import OnLost, WorkerStatus
from rrq_core.payload import Context, PayloadKind, RunOptions, exponential, read_retry_on, read_run_options
from rrq_core.testing import Hand
from tests.unit.client.calls import double

Q = QueueId("q")
PROCESS = {"separate_process": True}


def options(**given: object) -> TaskOptions:
    return task_options(given, Q)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"queue": 3}, r"queue=3 cannot be: .*string"),
        ({"separate_process": 1}, r"separate_process=1 cannot be: it is True or False"),
        ({"timeout_task_run": 0, **PROCESS}, r"timeout_task_run=0 cannot be: .*above 0"),
        ({"timeout_task_run": -1, **PROCESS}, r"timeout_task_run=-1 cannot be: .*above 0"),
        ({"timeout_task_run": math.nan, **PROCESS}, r"timeout_task_run=nan cannot be"),
        ({"timeout_task_run": True, **PROCESS}, r"timeout_task_run=True cannot be"),
        ({"timeout_task_run": "1", **PROCESS}, r"timeout_task_run='1' cannot be"),
        ({"depends_on": 3}, r"depends_on=3 cannot be: it is a Task, its id, or several of them"),
        ({"depends_on": [3]}, r"depends_on=\[3\] cannot be: 3 is no Task"),
        ({"depends_on": [[]]}, r"depends_on=.* is no Task"),
        ({"retries": -1}, r"retries=-1 cannot be: it is a whole number, 0 or more"),
        ({"retries": 1.5}, r"retries=1.5 cannot be"),
        ({"retries": True}, r"retries=True cannot be"),
        ({"retry_delay": -1}, r"retry_delay=-1 cannot be: .*exponential\(first, limit\)"),
        ({"retry_delay": math.inf}, r"retry_delay=inf cannot be"),
        ({"retry_delay": math.nan}, r"retry_delay=nan cannot be"),
        ({"retry_delay": "1 s"}, r"retry_delay='1 s' cannot be"),
        ({"retry_on": 3}, r"retry_on=3 cannot be: 3 is no class of exceptions"),
        ({"retry_on": ValueError("x")}, r"retry_on=ValueError\('x'\) cannot be: .*is no class of exceptions"),
        ({"retry_on": (ValueError, int)}, r"<class 'int'> is no class of exceptions: .*retry_on=ConnectionError"),
        ({"retry_on": "ValueError"}, r"'ValueError' is no class of exceptions"),
        ({"retry_on": ()}, r"retry_on=\(\) cannot be: it names no exception"),
        ({"on_lost": "retry"}, r"on_lost='retry' cannot be: it is one of 'died', 'requeue'"),
        ({"on_lost": []}, r"on_lost=\[\] cannot be"),
        ({"max_attempts": 0}, r"max_attempts=0 cannot be: it is a whole number, 1 or more"),
        ({"max_attempts": True}, r"max_attempts=True cannot be"),
        ({"result_ttl": 0}, r"result_ttl=0 cannot be: .*above 0"),
        ({"result_ttl": math.nan}, r"result_ttl=nan cannot be"),
        ({"delay": -0.1}, r"delay=-0.1 cannot be"),
        ({"delay": math.inf}, r"delay=inf cannot be: it is a finite number"),
        ({"delay": False}, r"delay=False cannot be"),
        ({"key": ""}, r"key='' cannot be: a key has 1 to 200 characters"),
        ({"key": 3}, r"key=3 cannot be: a key is a string"),
        ({"front": 0}, r"front=0 cannot be: it is True or False"),
        ({"memory": "8 XB", **PROCESS}, r"memory='8 XB' cannot be: .*B, KB, MB, GB, TB .*KiB, MiB, GiB, TiB"),
        ({"memory": "GB", **PROCESS}, r"memory='GB' cannot be"),
        ({"memory": "-1 GB", **PROCESS}, r"memory='-1 GB' cannot be"),
        ({"memory": "0.1 B", **PROCESS}, r"memory='0.1 B' cannot be: it is a number of bytes above 0"),
        ({"memory": 0, **PROCESS}, r"memory=0 cannot be"),
        ({"memory": 1.5, **PROCESS}, r"memory=1.5 cannot be"),
        ({"memory": True, **PROCESS}, r"memory=True cannot be"),
        ({"env": ["A"], **PROCESS}, r"env=\['A'\] cannot be: it is a dict of texts by name"),
        ({"env": {"A=B": "1"}, **PROCESS}, r"'A=B' is no name of a variable"),
        ({"env": {"": "1"}, **PROCESS}, r"'' is no name of a variable"),
        ({"env": {3: "1"}, **PROCESS}, r"3 is no name of a variable"),
        ({"env": {"A": 1}, **PROCESS}, r"the value of 'A' is no text.*write str"),
        ({"env": {"A": "\0"}, **PROCESS}, r"the value of 'A' is no text without null"),
        ({"colour": "red"}, r"there is no task option colour='red'; there are: queue, separate_process, .*env"),
    ],
)
def test_an_option_that_cannot_be_is_named_with_its_value_and_what_can_be(
    given: Mapping[str, object], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        task_options(given, Q)


def test_bound_options_show_what_they_change_but_no_environment(q: rrq.Controller) -> None:
    bound = q.options(retries=2, separate_process=True, env={"TOKEN": "secret"})
    assert repr(bound) == f"<BoundOptions separate_process=True, retries=2 of {q!r}>"


@pytest.mark.parametrize("option", [{"timeout_task_run": 1}, {"memory": "1 GB"}, {"env": {"THREADS": "1"}}])
def test_what_needs_a_process_of_its_own_is_refused_without_one(q: rrq.Controller, option: OptionArguments) -> None:
    calls: list[Callable[[], object]] = [
        lambda: rrq.task_create_call(double, [1], **option),
        lambda: rrq.task_create_bulk_call(double, [1], **option),
        lambda: q.options(**option),
        lambda: q.options(**option).map(double, [1]),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument, match=f"{next(iter(option))}=.*add separate_process=True"):
            call()
    assert rrq.task_list() == []


def test_the_values_of_environment_variables_are_in_no_error() -> None:
    for env in ({"TOKEN": "secret"}, {"TOKEN": "secret", "B=": "x"}):
        with pytest.raises(InvalidArgument) as caught:
            options(env=env)
        assert "TOKEN" in str(caught.value)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "bytes"),
    [
        (1, 1), ("100 B", 100), ("8 GB", 8 * 10**9), ("8gb", 8 * 10**9), (" 1.5 MiB ", 3 * 2**19), ("0.1 TB", 10**11),
        ("2 KiB", 2048), ("1 kb", 1000),
    ],
)  # fmt: skip
def test_memory_is_a_number_of_bytes_or_a_text_with_a_unit(given: int | str, bytes: int) -> None:
    assert options(memory=given, separate_process=True).memory == bytes


@given(st.integers(1, 10**6), st.sampled_from(["B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"]))
def test_every_amount_of_memory_is_the_number_of_its_units(n: int, unit: str) -> None:
    one, many = (options(memory=f"{number} {unit}", separate_process=True).memory or 0 for number in (1, n))
    assert many == n * one


ANYTHING: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
    | st.sampled_from([ValueError, int, OnLost.REQUEUE, "requeue", "1 GB", exponential(1, 2)])
    | st.lists(st.integers() | st.text(max_size=5), max_size=2)
    | st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(), max_size=2)
)  # fmt: skip
NAMES = [*OptionArguments.__annotations__, "colour"]


@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=4))
def test_whatever_is_given_is_taken_or_refused_by_our_own_error(given: dict[str, object]) -> None:
    try:
        taken = task_options(given, Q)
    except InvalidArgument:
        return
    assert task_options({name: getattr(taken, name) for name in given}, Q) == taken


def test_the_options_are_those_of_the_typed_arguments() -> None:
    assert set(OptionArguments.__annotations__) == {option.name for option in fields(TaskOptions)}


def submitted(q: rrq.Controller, **given: Any) -> list[rrq.Task[int]]:
    """Submit by each of the four ways there are."""
    bulk = rrq.task_create_bulk_call(double, [3], **given)
    return [
        rrq.task_create_call(double, [1], **given),
        q.options(**given).submit(double, 2),
        *bulk,
        *q.options(**given).map(double, [4]),
    ]


def test_options_for_the_store_reach_each_task(q: rrq.Controller) -> None:
    tasks = submitted(q, queue="fast", separate_process=True, timeout_task_run=1.5)
    for info in map(rrq.task_info, tasks):
        assert (info.queue, info.separate_process, info.timeout) == ("fast", True, 1.5)


def test_options_for_the_worker_reach_each_task(q: rrq.Controller) -> None:
    env = {"THREADS": "1"}
    tasks = submitted(
        q, retries=1, retry_delay=rrq.exponential(1, 8), retry_on=OSError, memory="1 GB", env=env, separate_process=True
    )
    hand = Hand(q.backend)
    for task in tasks:
        work = hand.take(task.id)
        context = Context(kind=PayloadKind.TASK, queue_id=q.queue_id, names=(task.id,))
        assert read_run_options(work.body, context) == RunOptions(memory=10**9, env=env, retry_delay=exponential(1, 8))
        assert read_retry_on(work.body, context) == (OSError,)


def test_a_task_without_retries_tells_its_worker_of_none() -> None:
    assert options(retry_delay=3, retry_on=OSError).run == RunOptions()


def test_what_becomes_of_a_task_whose_worker_is_lost_reaches_each_task(q: rrq.Controller) -> None:
    for task in submitted(q, on_lost="requeue", max_attempts=2):
        states = []
        for _ in range(2):
            hand = Hand(q.backend)
            hand.take(task.id)
            q.backend.workers.leave(hand.session, WorkerStatus.EXITED, "it was switched off")
            states.append(str(task.status()))
        assert states == ["PENDING", "DIED"]


def test_front_goes_before_what_waits_already(q: rrq.Controller) -> None:
    waiting = q.submit(double, 1)
    first = q.options(front=True).submit(double, 2)
    assert rrq.queue_list() == [first.id, waiting.id]


def test_a_generator_of_dependencies_counts_for_every_task_that_is_submitted_with_it(q: rrq.Controller) -> None:
    parents = q.map(double, [1, 2])
    bound = q.options(depends_on=(task for task in parents))
    for task in [bound.submit(double, 3), *bound.map(double, [4, 5])]:
        assert set(rrq.task_info(task).depends.up) == {parent.id for parent in parents}
