"""Expressions: in whatever form, with the names of the place where they are written."""

import ast
import contextlib
import math
import operator
import random
import statistics
import sys
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import rrq_core as rrq
from tests.unit.client.calls import double

GRACE = 10
SCALE = 5
LOCK = threading.Lock()


def scaled(n: int) -> int:
    return SCALE * n


async def later(n: int) -> int:
    return n + 1


@pytest.fixture
def stored_values(q: rrq.Controller) -> Callable[[], int]:
    return lambda: len(list(q.backend.objects.hashes()))


@pytest.mark.usefixtures("workers")
class TestItIsEvaluated:
    def test_a_text(self) -> None:
        assert rrq.task_create_expr("2 + 3").result(GRACE) == 5

    def test_the_last_of_several_lines_is_the_value(self) -> None:
        text = """
            total = 0
            for n in range(4):
                total += n
            total
        """
        assert rrq.task_create_expr(text).result(GRACE) == 6

    def test_without_an_expression_at_its_end_it_gives_none(self) -> None:
        assert rrq.task_create_expr("x = 3").result(GRACE) is None

    def test_a_lambda(self) -> None:
        n = 3
        assert rrq.task_create_expr(lambda: scaled(n) + math.floor(2.5)).result(GRACE) == 17

    def test_a_lambda_with_defaults(self) -> None:
        tasks = [rrq.task_create_expr(lambda n=n: scaled(n)) for n in range(3)]
        assert [task.result(GRACE) for task in tasks] == [0, 5, 10]

    def test_a_lambda_that_was_never_written(self) -> None:
        made: Callable[[], int] = eval("lambda: [n * len(words) for n in numbers]", {"words": "ab", "numbers": [1, 2]})
        assert rrq.task_create_expr(made).result(GRACE) == [2, 4]

    @pytest.mark.parametrize(
        "node",
        [
            ast.parse("SCALE + 1", mode="eval"),
            ast.parse("SCALE + 1", mode="eval").body,
            ast.parse("x = SCALE\nx + 1"),
            ast.parse("SCALE + 1").body[0],
            ast.parse("SCALE + 1", mode="single"),
            ast.BinOp(ast.Name("SCALE", ast.Load()), ast.Add(), ast.Constant(1)),
        ],
        ids=lambda node: type(node).__name__,
    )
    def test_a_node(self, node: ast.AST) -> None:
        assert rrq.task_create_expr(node).result(GRACE) == 6

    def test_a_coroutine_is_awaited(self) -> None:
        assert rrq.task_create_expr("later(1)").result(GRACE) == 2
        assert rrq.task_create_expr("x = await later(1)\nx + await later(x)").result(GRACE) == 5

    def test_a_task_among_its_names_is_its_result(self, q: rrq.Controller) -> None:
        names = {"parent": q.submit(double, 4), "group": q.map(double, [1, 2]), "rrq": rrq}
        task: rrq.Task[int] = eval("rrq.task_create_expr('parent + sum(group)')", names)
        assert task.result(GRACE) == 14

    def test_with_options(self) -> None:
        key = "of the expression"
        first, same = (rrq.task_create_expr("SCALE", key=key, retries=2) for _ in range(2))
        assert first == same
        with pytest.raises(rrq.KeyTaken):
            rrq.task_create_expr("SCALE + 1", key=key)
        with pytest.raises(rrq.KeyTaken):
            exec("rrq.task_create_expr('SCALE', key=key)", {"rrq": rrq, "key": key, "SCALE": 6})

    def test_its_functions_see_its_names(self) -> None:
        text = "offset = 2\ndef add(n): return n + offset + SCALE\n[add(n) for n in range(2)]"
        assert rrq.task_create_expr(text).result(GRACE) == [7, 8]

    def test_what_is_assigned_stays_inside(self) -> None:
        items = [1]
        task = rrq.task_create_expr("items.append(2)\nSCALE = 7\nother = 1\nitems + [scaled(1), SCALE]")
        assert task.result(GRACE) == [1, 2, 5, 7]
        assert (items, SCALE) == ([1], 5)
        late = rrq.task_create_expr("other()")
        late.wait(GRACE)
        assert late.status() == "ERROR"

    def test_a_traceback_shows_its_lines(self) -> None:
        zero = 0
        task = rrq.task_create_expr("x = zero\nscaled(1) / x")
        with pytest.raises(ZeroDivisionError) as caught:
            task.result(GRACE)
        assert isinstance(caught.value, rrq.TaskError)
        assert "line 2, in <module>\n    scaled(1) / x" in caught.value.trace
        assert zero == 0

    def test_a_name_that_is_called_is_left_to_the_worker(self) -> None:
        for text in ("of_the_worker(1)", "of_the_worker.deep(1)", "[of_the_worker(n) for n in range(2)]"):
            with pytest.raises(NameError, match="of_the_worker") as caught:
                rrq.task_create_expr(text).result(GRACE)
            assert "left to the worker's environment" in str(caught.value.__notes__)

    def test_a_name_that_is_called_in_a_lambda_is_left_to_the_worker(self) -> None:
        with pytest.raises(NameError, match="of_the_worker"):
            rrq.task_create_expr(lambda: [of_the_worker(n) for n in range(2)]).result(GRACE)  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.usefixtures("workers")
class TestNamesAreFound:
    def test_in_variables_and_those_of_functions_around(self) -> None:
        a = 1

        def inner(b: int) -> rrq.Task[Any]:
            return rrq.task_create_expr("a + b + SCALE")

        assert inner(2).result(GRACE) == a + 7

    def test_in_comprehensions(self) -> None:
        a = 10
        tasks = [rrq.task_create_expr("a + n + k") for n in range(2) for k in (a,)]
        assert [task.result(GRACE) for task in tasks] == [20, 21]
        (task,) = {rrq.task_create_expr("a") for _ in range(1)}
        assert task.result(GRACE) == next(rrq.task_create_expr("a + n") for n in range(1)).result(GRACE)

    def test_in_a_class_while_it_is_made(self) -> None:
        class Study:
            size = 3
            task = rrq.task_create_expr("size + SCALE")
            tasks = tuple(rrq.task_create_expr("size + n") for n in range(2))

        assert Study.task.result(GRACE) == 8
        assert [task.result(GRACE) for task in Study.tasks] == [3, 4]

    def test_but_not_in_the_class_around_a_method(self) -> None:
        class Study:
            size = 3

            def submit(self) -> rrq.Task[Any]:
                return rrq.task_create_expr("size")

        with pytest.raises(rrq.NameNotFound):
            Study().submit()

    def test_in_code_that_is_executed(self) -> None:
        names: dict[str, Any] = {"rrq": rrq, "n": 4}
        exec("task = rrq.task_create_expr('n + 1')", names)
        assert names["task"].result(GRACE) == 5
        inner: dict[str, Any] = {"n": 6}
        exec("task = rrq.task_create_expr('n + 1')", names, inner)
        assert inner["task"].result(GRACE) == 7

    def test_the_nearest_first(self) -> None:
        SCALE = 1  # noqa: N806
        sum = 2
        assert rrq.task_create_expr("SCALE + sum").result(GRACE) == SCALE + sum

    def test_modules_functions_and_classes_go_by_name(self) -> None:
        assert (np.sum, statistics, operator, Fraction) is not None
        task = rrq.task_create_expr("np.sum([statistics.mean([1, 3]), double(2), operator.add(1, 2), Fraction(1)])")
        assert rrq.task_data(task).kwargs == {}
        assert task.result(GRACE) == 10


def test_a_missing_name_is_an_error_that_says_where_it_was_looked_for(q: rrq.Controller) -> None:
    def study(n: int) -> None:
        rrq.task_create_expr("n + missing")

    with pytest.raises(NameError) as caught:
        study(1)
    assert isinstance(caught.value, rrq.NameNotFound)
    assert caught.value.name == "missing"
    for place in (
        "the variables of test_a_missing",
        "study (",
        "the globals of tests.unit.client.test_expressions",
        "the builtins",
    ):
        assert place in str(caught.value)
    assert rrq.task_list() == []


def test_a_missing_name_of_a_lambda_is_an_error_that_says_where_it_was_looked_for(q: rrq.Controller) -> None:
    side = 3
    with pytest.raises(rrq.NameNotFound, match="'late'") as caught:
        rrq.task_create_expr(lambda: double(side) + late)
    late = sys._getframe().f_lineno - 1
    for place in (
        f"the lambda ({__file__}, line {late}) closes over (late, which has no value yet; side)",
        "the globals of tests.unit.client.test_expressions",
        "the builtins",
    ):
        assert place in str(caught.value)


def test_a_lambda_that_closes_over_nothing_says_so(q: rrq.Controller) -> None:
    with pytest.raises(rrq.NameNotFound, match=r"closes over \(none\), the globals"):
        rrq.task_create_expr(lambda: missing)  # type: ignore[name-defined]  # noqa: F821


def test_a_name_that_is_only_assigned_afterwards_is_missing(q: rrq.Controller) -> None:
    with pytest.raises(rrq.NameNotFound, match="'counter'"):
        rrq.task_create_expr("counter = counter + 1")


REFUSED = {
    "f(": "never closed in line 1",
    "return 3": "'return' outside function",
    "": "is empty",
    "# nothing": "is empty",
    "a\0b": "null",
    "(" * 1000 + ")" * 1000: "no Python: too many nested parentheses",
    "-" * 5000 + "1": "too deeply nested",
    "a" + ".b" * 5000: "too deeply nested",
    "not " * 800 + "1": "too deeply nested",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_python_is_refused_in_a_sentence(text: str, q: rrq.Controller) -> None:
    with pytest.raises(SyntaxError, match=REFUSED[text]) as caught:
        rrq.task_create_expr(text)
    assert isinstance(caught.value, rrq.InvalidExpression)
    assert isinstance(caught.value, rrq.InvalidArgument)


@pytest.mark.parametrize(
    ("expr", "why"),
    [
        (3, "not evaluated here"),
        (double, "write the call, 'double.*'"),
        (lambda x: x, "takes x"),
        (ast.Load(), "ast.Load"),
    ],
)
def test_what_is_no_expression_is_refused_in_a_sentence(expr: Any, why: str, q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match=why):
        rrq.task_create_expr(expr)


def test_a_value_that_cannot_be_sent_is_named(q: rrq.Controller) -> None:
    with pytest.raises(rrq.NotSendable, match="the variable 'LOCK' of the expression"):
        rrq.task_create_expr("LOCK.locked()")
    assert rrq.task_list() == []


@pytest.mark.usefixtures("workers")
def test_a_result_that_cannot_be_sent_is_told_as_that_of_the_expression(q: rrq.Controller) -> None:
    task = rrq.task_create_expr("(n for n in range(3))")
    with pytest.raises(rrq.TaskError, match=r"the result of the expression cannot be sent: it is a generator; .*list"):
        task.result(10)


def test_a_value_that_may_not_be_read_is_left_out_if_it_cannot_be_sent(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    assert rrq.task_create_expr("with nullcontext(3) as n:\n  LOCK = n\nLOCK").result(GRACE) == 3


nullcontext = contextlib.nullcontext


def test_the_same_value_is_stored_once(q: rrq.Controller, stored_values: Callable[[], int]) -> None:
    numbers = [random.random() for _ in range(100)]
    before = stored_values()
    for _ in range(3):
        rrq.task_create_expr("sum(numbers)")
    assert stored_values() == before + 1
    assert numbers


def test_what_is_evaluated_can_be_looked_at(q: rrq.Controller) -> None:
    n = 3
    data = rrq.task_data(rrq.task_create_expr("scaled(n)"))
    assert (data.function, data.args, data.kwargs) == ("scaled(n)", (), {"n": n})
