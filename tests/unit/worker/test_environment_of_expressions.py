"""Expressions see the names of the worker's environment, behind all others."""

from collections.abc import Mapping

import pytest

from rrq_core.model.ids import DEFAULT_QUEUE, QueueId, TaskId, WorkerId
from rrq_core.model.status import TaskStatus
from rrq_core.model.work import Claim, Finished, Session, Work
from rrq_core.payload import CallEncoder, Context, Expression, PayloadKind, decode_failure, decode_value
from rrq_core.worker.run import run_task

QUEUE = QueueId("q")
TASK = TaskId("1" * 32)
VALUE = Context(kind=PayloadKind.VALUE, queue_id=QUEUE)

ENVIRONMENT: Mapping[str, object] = {"simulate": lambda n: 10 * n, "n": 7, "sum": lambda values: "of the worker"}


def run(text: str, environment: Mapping[str, object], **variables: object) -> Finished:
    expression = Expression(text=text, left=("simulate", "missing"))
    work = Work(
        claim=Claim(session=Session(worker=WorkerId("w"), token="s"), task=TASK, attempt=1),
        root=TASK,
        body=CallEncoder(expression, QUEUE).encode(TASK, (), variables).body,
        queue=DEFAULT_QUEUE,
        separate_process=False,
        timeout=None,
        values={},
        results={},
        checkpoint=None,
    )
    return run_task(work, QUEUE, lambda change: None, environment)


def value(text: str, **variables: object) -> object:
    finished = run(text, ENVIRONMENT, **variables)
    assert finished.status is TaskStatus.COMPLETE
    return decode_value(finished.result.data, VALUE)  # type: ignore[union-attr]  # a value


def test_functions_of_the_environment_can_be_called() -> None:
    assert value("simulate(2)") == 20
    assert value("[simulate(i) for i in range(2)]") == [0, 10]


def test_what_was_sent_comes_before_the_environment_and_that_before_builtins() -> None:
    assert value("simulate(n)", n=3) == 30
    assert value("sum([1, 2])") == "of the worker"


def test_what_is_assigned_does_not_change_the_environment() -> None:
    assert value("n = 1\ndel simulate\nn") == 1
    assert (ENVIRONMENT["n"], "simulate" in ENVIRONMENT) == (7, True)


@pytest.mark.parametrize("environment", [{}, ENVIRONMENT])
def test_a_name_that_it_does_not_have_is_told(environment: Mapping[str, object]) -> None:
    finished = run("missing(2)", environment)
    assert finished.status is TaskStatus.ERROR
    failure = decode_failure(finished.result.data, VALUE)  # type: ignore[union-attr]  # a value
    assert "'missing' was not found where the expression was submitted" in failure.trace
