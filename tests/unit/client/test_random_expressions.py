"""Whatever is evaluated here and through the queue gives the same value, or the same error."""

import ast
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given, settings

import rrq_core as rrq
from tests.unit.client.programs import EXPRESSIONS, PROGRAMS, SURROUNDINGS

GRACE = 20


def twice(value: Any) -> Any:
    return value + value


def twice_over(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: function(function(value))


MISSING = {"x", "y", "g"}
FUNCTIONS: Mapping[str, object] = {"twice": twice, "twice_over": twice_over, "suppress": suppress}


@pytest.fixture(scope="module")
def queue() -> Iterator[rrq.Controller]:
    with rrq.connect("programs", f"memory://{secrets.token_hex(8)}") as controller, rrq.worker_spawn(1):
        yield controller


@frozen
class Outcome:
    """How a program ended: with a value, or with an error of some kind, about some name."""

    value: str | None = None
    error: str | None = None
    name: str | None = field(default=None, eq=False)  # which does not travel with a NameError


def outcome(run: Callable[[], object]) -> Outcome:
    try:
        value = run()
    except Exception as error:
        original = error.__cause__ if isinstance(error, rrq.TaskError) and error.__cause__ else error
        return Outcome(error=type(original).__name__, name=getattr(original, "name", None))
    return Outcome(value=shown(value))


def shown(value: object) -> str:
    """Write a value; functions and classes are others in each run."""
    text = repr(value)
    return type(value).__name__ if " at 0x" in text or "__main__" in text else text


def here(program: str, names: dict[str, Any]) -> object:
    *lines, last = [ast.unparse(node) for node in ast.parse(program).body]
    exec("\n".join(lines), names)
    if isinstance(ast.parse(last).body[0], ast.Expr):
        return eval(last, names)
    exec(last, names)
    return None


def there(expr: str, names: dict[str, Any]) -> object:
    exec(f"task = rrq.task_create_expr({expr})", names)
    return names["task"].result(GRACE)


def names_for(**more: object) -> dict[str, Any]:
    return {"__name__": "__main__", **FUNCTIONS, **deepcopy(SURROUNDINGS), **more}


def is_python(program: str) -> bool:
    try:
        compile(program, "program", "exec")
    except SyntaxError:  # a name is declared global after it was used, say
        return False
    return True


def assert_same(local: Outcome, remote: Outcome) -> None:
    if remote.error == "NameNotFound":  # at once, though the program may not come to the place
        assert remote.name in MISSING
    elif remote.error != "NotSendable":  # a generator, say: no value for a task
        assert remote == local


@given(program=PROGRAMS.filter(is_python))
@settings(max_examples=60, deadline=None)
def test_a_program_gives_the_same_through_the_queue(program: str, queue: rrq.Controller) -> None:
    local = outcome(lambda: here(program, names_for()))
    assert_same(local, outcome(lambda: there("program", names_for(rrq=rrq, program=program))))


@given(expression=EXPRESSIONS.filter(is_python))
@settings(max_examples=60, deadline=None)
def test_a_lambda_gives_the_same_through_the_queue(expression: str, queue: rrq.Controller) -> None:
    local = outcome(lambda: eval(f"(lambda: {expression})()", names_for()))
    assert_same(local, outcome(lambda: there(f"lambda: {expression}", names_for(rrq=rrq))))
