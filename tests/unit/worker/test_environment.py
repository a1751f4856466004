"""The environment of one worker: made, broken, mended, evaluated in."""

import builtins
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define, field

import rrq_core
from rrq_core.errors import BackendUnavailable, EnvironmentBroken
from rrq_core.model.setting import ENVIR
from rrq_core.model.worker import NewLogEntry
from rrq_core.payload import (
    ENVIRONMENT_MODULE,
    Create,
    PayloadKind,
    capture_failure,
    decode_value,
    encode_create,
    encode_value,
)
from rrq_core.worker.environment import Environment
from rrq_core.worker.stop import StoppedNow
from tests.unit.worker.lab import Lab


def rate_of_three(names: dict[str, object]) -> None:
    names["rate"] = 3


def broken(names: dict[str, object]) -> None:
    names["half"] = 1
    raise NameError("name 'undefined_name' is not defined")


told: dict[str, list[str]] = {}


def look_what_was_told(names: dict[str, object]) -> None:
    told["before"] = list(told["now"])


@define(kw_only=True)
class World:
    """An environment, what has been logged of it, and how it is set."""

    lab: Lab
    lines: list[str] = field(factory=list)

    def new(self, create: Create | None = None, *, owns_process: bool = False) -> Environment:
        self.set(create)
        return Environment(self.lab.backend.settings, self.lab.backend.queue_id, self._log, owns_process=owns_process)

    def loaded(self, create: Create | None = None) -> Environment:
        environment = self.new(create)
        environment.load()
        return environment

    def set(self, create: Create | None) -> None:
        queue_id = self.lab.backend.queue_id
        self.lab.backend.settings.put(ENVIR, None if create is None else encode_create(create, queue_id))

    def _log(self, *entries: NewLogEntry) -> None:
        self.lines += [f"{entry.command} {entry.message}" for entry in entries]


@pytest.fixture
def world(lab: Lab) -> World:
    return World(lab=lab)


def test_without_a_create_function_it_is_empty_and_whole(world: World) -> None:
    environment = world.loaded()
    assert [name for name in environment.names if not name.startswith("__")] == []
    assert environment.failure is None
    assert world.lines == ["ENVIR new"]


def test_it_has_what_create_has_put_there(world: World) -> None:
    environment = world.loaded(rate_of_three)
    assert environment.names["rate"] == 3
    assert world.lines == ["ENVIR new", "ENVIR create"]


def test_its_lines_stand_between_those_that_come_before_and_after(world: World) -> None:
    around = [NewLogEntry(command="ALIVE")], [NewLogEntry(command="QUEUE", message="default")]
    world.new().load(*around)
    assert world.lines == ["ALIVE ", "ENVIR new", "QUEUE default"]
    world.lines.clear()
    world.new(broken).load(*around)
    error = "ENVIR ERROR NameError: name 'undefined_name' is not defined"
    assert world.lines == ["ALIVE ", "ENVIR new", "ENVIR create", error, "QUEUE default"]


def test_what_is_made_is_told_before_it_is(world: World) -> None:
    told["now"] = world.lines
    world.new(look_what_was_told).load([NewLogEntry(command="ALIVE")])
    assert told["before"] == ["ALIVE ", "ENVIR new", "ENVIR create"]


def test_a_create_function_without_a_name_comes_whole(world: World) -> None:
    assert world.loaded(lambda names: names.update(rate=4)).names["rate"] == 4


def test_two_environments_share_no_names(world: World) -> None:
    first, second = world.loaded(rate_of_three), world.loaded(rate_of_three)
    first.names["rate"] = 5
    assert second.names["rate"] == 3


def raising(error: BaseException) -> Create:
    def create(names: dict[str, object]) -> None:
        raise error

    return create


@pytest.mark.parametrize("error", [ValueError("bad rate"), SystemExit(3), KeyboardInterrupt()], ids=lambda e: repr(e))
def test_what_create_raises_is_kept_and_told(world: World, error: BaseException) -> None:
    environment = world.loaded(raising(error))
    assert isinstance(environment.error, EnvironmentBroken)
    assert type(environment.error.__cause__) is type(error)
    assert type(error).__name__ in environment.failure
    assert world.lines[-1].startswith(f"ENVIR ERROR {type(error).__name__}")


def test_the_failure_shows_the_line_that_failed(world: World) -> None:
    failure = world.loaded(broken).failure
    assert "NameError: name 'undefined_name' is not defined" in failure
    assert 'raise NameError("name' in failure
    assert str(Path(__file__)) in failure


def test_nothing_of_the_worker_is_in_the_trace_of_what_a_task_is_told(world: World) -> None:
    trace = capture_failure(world.loaded(broken).error, ()).trace
    assert str(Path(__file__)) in trace
    assert str(Path(rrq_core.__file__).parent) not in trace


def test_the_line_of_the_log_is_one_line(world: World) -> None:
    world.loaded(raising(ValueError("a\nb")))
    assert world.lines[-1] == "ENVIR ERROR ValueError: a b"


def test_bytes_that_are_no_create_function_break_it(world: World) -> None:
    environment = world.new()
    world.lab.backend.settings.put(ENVIR, b"nonsense")
    environment.load()
    assert "PayloadRefused" in environment.failure


def test_a_second_signal_goes_through(world: World) -> None:
    environment = world.new(raising(StoppedNow("SIGTERM")))
    with pytest.raises(StoppedNow):
        environment.load()


def test_mended_it_is_whole_and_has_nothing_of_before(world: World) -> None:
    environment = world.loaded(broken)
    world.set(rate_of_three)
    environment.refresh()
    assert environment.failure is None
    assert environment.names["rate"] == 3
    assert "half" not in environment.names


def test_removed_it_is_empty(world: World) -> None:
    environment = world.loaded(rate_of_three)
    world.set(None)
    environment.refresh()
    assert "rate" not in environment.names
    assert environment.create is None


def test_a_store_that_is_away_changes_nothing(world: World) -> None:
    def away(name: object) -> bytes:
        raise BackendUnavailable("away")

    altered = World(lab=world.lab.altered(settings={"get": away}))
    environment = altered.new()
    with pytest.raises(BackendUnavailable):
        environment.load()
    assert altered.lines == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rate + 1", 4),
        ("a = rate\na * 2", 6),
        ("  def f(x):\n      return x * rate\n  f(2)", 6),
        ("[rate for _ in range(2)]", [3, 3]),
        ("a = 1", None),
        ("", None),
    ],
)
def test_the_value_of_a_text_is_that_of_its_last_line(world: World, text: str, value: object) -> None:
    assert world.loaded(rate_of_three).evaluate(text) == value


def test_what_a_text_assigns_stays_until_the_environment_is_made_anew(world: World) -> None:
    environment = world.loaded(rate_of_three)
    environment.evaluate("rate = 7")
    assert environment.evaluate("rate") == 7
    environment.load()
    assert environment.evaluate("rate") == 3


def test_half_a_text_is_an_error_and_nothing_of_it_is_done(world: World) -> None:
    environment = world.loaded()
    with pytest.raises(SyntaxError):
        environment.evaluate("a = 1\na +")
    assert "a" not in environment.names


def test_an_object_of_a_class_of_the_environment_can_leave_the_worker(world: World) -> None:
    environment = world.loaded()
    point = environment.evaluate("class Point:\n    def __init__(self, x): self.x = x\nPoint(3)")
    context = world.lab.context(PayloadKind.VALUE)
    sent = encode_value(point, context).data
    del sys.modules[ENVIRONMENT_MODULE]
    assert decode_value(sent, context).x == 3


def test_a_data_class_of_the_environment_finds_the_types_it_names(world: World) -> None:
    text = """
        from __future__ import annotations
        from dataclasses import dataclass
        from typing import get_type_hints
        class Planet: pass
        @dataclass
        class Orbit:
            around: Planet
        get_type_hints(Orbit)["around"] is Planet
    """
    assert world.loaded().evaluate(text) is True


def test_python_is_there_with_its_own_names(world: World) -> None:
    assert world.loaded().evaluate("len") is builtins.len


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Write a module `model_of_environment`, which can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    yield (tmp_path / "model_of_environment.py").write_text
    sys.modules.pop("model_of_environment", None)


def import_model(names: dict[str, object]) -> None:
    import model_of_environment

    names["model"] = model_of_environment


@pytest.mark.parametrize(("owns_process", "seen"), [(True, 22), (False, 1)])
def test_a_changed_module_is_seen_in_a_process_of_the_workers_own(
    world: World, own_module: Callable[[str], None], owns_process: bool, seen: int
) -> None:
    own_module("RATE = 1")
    environment = world.new(import_model, owns_process=owns_process)
    environment.load()
    own_module("RATE = 22")
    environment.refresh()
    assert environment.evaluate("model.RATE") == seen


def test_a_worker_makes_its_environment_before_it_takes_a_task(lab: Lab) -> None:
    lab.backend.settings.put(ENVIR, encode_create(rate_of_three, lab.backend.queue_id))
    task = lab.submit(abs, -1)
    lab.work()
    words = [line for line in lab.log() if line.split()[0] in ("ALIVE", "ENVIR", "QUEUE", "TASK_START")]
    assert words == ["ALIVE", "ENVIR new", "ENVIR create", "QUEUE default", f"TASK_START {task}"]


def test_no_task_runs_in_a_broken_environment_and_each_says_why(lab: Lab) -> None:
    lab.backend.settings.put(ENVIR, encode_create(broken, lab.backend.queue_id))
    task = lab.submit(abs, -1)
    lab.work()
    failure = lab.failure(task)
    assert failure.type_name.endswith("EnvironmentBroken")
    assert "undefined_name" in failure.message
    assert "in broken" in failure.trace
    assert isinstance(failure.cause().__cause__, NameError)
