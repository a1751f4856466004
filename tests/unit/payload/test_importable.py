"""What lies in modules that nobody else can import goes by value, wherever it is in what is sent."""

import runpy
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rrq_core.payload import Context, PayloadKind, decode_value, encode_value
from rrq_core.payload.importable import is_importable

Elsewhere = Callable[..., list[bytes]]
VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")

SOURCE = """
class Length:
    def __init__(self, metres):
        self.metres = metres
    def __eq__(self, other):
        return type(other) is type(self) and other.metres == self.metres
def twice(length):
    return Length(2 * length.metres)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / "lengths.py").write_text(SOURCE)
    return folder / "lengths.py"


def by_hand(name: str, source: Path) -> ModuleType:
    module = sys.modules[name] = ModuleType(name)
    exec(source.read_text(), vars(module))
    return module


def from_a_file(name: str, source: Path) -> ModuleType:
    spec = spec_from_file_location(name, source)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_a_package_of_that_kind(name: str, source: Path) -> ModuleType:
    package = sys.modules["only_here_tests"] = ModuleType("only_here_tests")
    package.__path__ = [str(source.parent)]
    return from_a_file("only_here_tests.lengths", source)


@pytest.fixture(params=[by_hand, from_a_file, in_a_package_of_that_kind])
def lengths(request: pytest.FixtureRequest, source: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    names = ("only_here_lengths", "only_here_tests", "only_here_tests.lengths")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))  # so that it is taken out again
    for name in names:
        del sys.modules[name]
    return request.param("only_here_lengths", source)


def test_functions_and_classes_of_it_go_by_value(lengths: Any, elsewhere: Elsewhere) -> None:
    sent = encode_value([lengths.twice, lambda length: lengths.twice(length), lengths.Length(2)], VALUE)
    run = "f, g, length = decode_value(received[0], VALUE)\nsend(encode_value(f(g(length)), VALUE).data)"
    (answer,) = elsewhere(run, bytes(sent.data))
    assert decode_value(answer, VALUE) == lengths.Length(8)


def test_what_runpy_runs_can_send_its_classes(source: Path, elsewhere: Elsewhere) -> None:
    source.write_text(f"from rrq_core.payload import encode_value{SOURCE}sent = encode_value(Length(3), VALUE)")
    sent = runpy.run_path(str(source), {"VALUE": VALUE})["sent"]
    (metres,) = elsewhere("send(encode_value(decode_value(received[0], VALUE).metres, VALUE).data)", bytes(sent.data))
    assert decode_value(metres, VALUE) == 3


def test_a_module_that_is_found_under_its_name_goes_by_name(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(source.parent)
    monkeypatch.setitem(sys.modules, "lengths", ModuleType("lengths"))
    from_a_file("lengths", source)
    assert is_importable("lengths")


def test_a_module_in_whose_place_another_would_be_found_goes_by_value(
    source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "lengths.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path / "first")
    monkeypatch.setitem(sys.modules, "lengths", ModuleType("lengths"))
    from_a_file("lengths", source)
    assert not is_importable("lengths")


def test_modules_of_the_library_and_of_others_go_by_name() -> None:
    import numpy.random

    import rrq_core.testing

    names = [module.__name__ for module in (sys, pytest, numpy.random, rrq_core.testing, sys.modules[__name__])]
    assert [name for name in names if not is_importable(name)] == []


def test_a_value_of_it_is_of_the_same_class_here(lengths: Any) -> None:
    found = decode_value(encode_value([lengths.Length(1)], VALUE).data, VALUE)
    assert found == [lengths.Length(1)]
