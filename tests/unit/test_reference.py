"""The reference pages list every public name, with its signature, as it is."""

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core import errors

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
CLASSES = {name for name in rrq.__all__ if inspect.isclass(getattr(rrq, name))}
ERRORS = {name for name in CLASSES if issubclass(getattr(rrq, name), Exception)}
HANDLES = (rrq.Controller, rrq.Task, rrq.TaskGroup, rrq.WorkerManager, rrq.Worker, rrq.Heartbeat)


def signature(name: str, function: object) -> str:
    """As people call it: names and defaults, without types."""
    if not callable(function):
        return name
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
    ]
    return f"{name}{inspect.Signature(parameters)}"


def entries() -> Iterator[str]:
    """What the line of each function, and of each method of a handle, begins with on the page of public names."""
    for name in rrq.__all__:
        thing = getattr(rrq, name)
        if inspect.isfunction(thing):
            yield f"- `{signature(name, thing)}`:"
    for handle in HANDLES:
        for name, thing in vars(handle).items():
            if not name.startswith("_") and (inspect.isfunction(thing) or isinstance(thing, property)):
                yield f"- `.{signature(name, thing)}`:"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def listed() -> set[str]:
    return set(re.findall(r"^- `[^`]+`:", page("api.md"), re.MULTILINE))


def test_every_function_and_method_is_on_the_page_as_it_is() -> None:
    assert set(entries()) - listed() == set()


def test_the_page_lists_nothing_else() -> None:
    assert listed() - set(entries()) == set()


def test_every_class_is_on_the_page() -> None:
    assert {name for name in CLASSES - ERRORS if f"`{name}" not in page("api.md")} == set()


def test_every_error_is_on_its_page() -> None:
    known = {
        name for name, thing in vars(errors).items() if inspect.isclass(thing) and thing.__module__ == errors.__name__
    }
    assert {name for name in known | ERRORS if f"`{name}`" not in page("errors.md")} == set()


@pytest.mark.parametrize("words", [rrq.TaskStatus, rrq.WorkerStatus], ids=["tasks", "workers"])
def test_every_status_is_on_its_page(words: type[Enum]) -> None:
    assert {word.value for word in words} <= set(re.findall(r"^\| ([A-Z]+) \|", page("statuses.md"), re.MULTILINE))


def test_every_word_that_a_worker_writes_in_its_log_is_on_its_page() -> None:
    worker = Path(inspect.getfile(rrq.WorkerInfo)).parents[1] / "worker"
    texts = (file.read_text(encoding="utf-8") for file in worker.rglob("*.py"))
    words = {word for text in texts for word in re.findall(r"""(?:NewLogEntry\(command|line)="([A-Z]+)\"""", text)}
    assert {"ALIVE", "ECHO", "CHILD", "CANCEL"} <= words
    (section,) = re.findall(r"^## Words in a worker's log$(.*?)^## ", page("key-layout.md"), re.MULTILINE | re.DOTALL)
    assert {word for word in words if f"`{word}" not in section} == set()


def rows_from_r() -> dict[str, str]:
    """Their name, and ours where there is one."""
    rows = re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)?", page("from-r.md"), re.MULTILINE)
    return dict(rows)


def test_what_the_way_from_r_names_is_there() -> None:
    assert len(rows_from_r()) > 60
    assert {ours for ours in rows_from_r().values() if ours} - set(rrq.__all__) == set()


def test_what_is_there_is_on_the_way_from_r() -> None:
    docstrings = (inspect.getdoc(getattr(rrq, name)) or "" for name in rrq.__all__)
    theirs = {name for text in docstrings for name in re.findall(r"^R: (\w+)", text, re.MULTILINE)}
    assert {name for name in theirs if not rows_from_r().get(name)} == set()
