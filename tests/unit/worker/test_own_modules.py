"""A user's own modules are imported anew when one of them has changed on disk, and no others."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rrq_core.worker.own_modules import OwnModules

Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a module of the user, whose name begins with `own_`."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> None:
        file = tmp_path / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        importlib.invalidate_caches()

    yield write
    for name in [name for name in sys.modules if name.startswith("own_")]:
        del sys.modules[name]


def rate(name: str = "own_model") -> object:
    return importlib.import_module(name).RATE


def test_a_changed_module_is_imported_anew(write: Write) -> None:
    write("own_model", "RATE = 1")
    own = OwnModules()
    assert rate() == 1
    own.note()
    write("own_model", "RATE = 22")
    own.drop_changed()
    assert rate() == 22


def test_a_change_of_one_character_within_a_second_is_seen(write: Write, tmp_path: Path) -> None:
    write("own_model", "RATE = 1")
    os.utime(tmp_path / "own_model.py", ns=(0, 1_700_000_000_000_000_001))
    own = OwnModules()
    assert rate() == 1
    own.note()
    write("own_model", "RATE = 2")
    os.utime(tmp_path / "own_model.py", ns=(0, 1_700_000_000_000_000_002))
    own.drop_changed()
    assert rate() == 2


def test_a_module_that_was_imported_after_the_last_look_is_imported_anew_too(write: Write) -> None:
    own = OwnModules()
    own.note()
    write("own_model", "RATE = 1")
    assert rate() == 1
    write("own_model", "RATE = 22")
    own.drop_changed()
    assert rate() == 22


def test_a_module_that_has_not_changed_stays(write: Write) -> None:
    write("own_model", "RATE = []")
    own = OwnModules()
    before = rate()
    own.note()
    own.drop_changed()
    assert rate() is before


def test_who_has_imported_from_a_changed_module_is_imported_anew(write: Write) -> None:
    write("own_base", "RATE = 1")
    write("own_model", "from own_base import RATE")
    own = OwnModules()
    rate()
    own.note()
    write("own_base", "RATE = 22")
    own.drop_changed()
    assert rate() == 22


def test_a_module_of_a_package_without_a_file_is_imported_anew(write: Write) -> None:
    write("own_package.model", "RATE = 1")
    own = OwnModules()
    rate("own_package.model")
    own.note()
    write("own_package.model", "RATE = 22")
    own.drop_changed()
    scope: dict[str, object] = {}
    exec("from own_package import model", scope)
    assert scope["model"].RATE == 22


def test_what_was_imported_before_stays(write: Write) -> None:
    write("own_model", "RATE = 1")
    rate()
    own = OwnModules()
    own.note()
    write("own_model", "RATE = 22")
    own.drop_changed()
    assert rate() == 1


def test_a_module_whose_file_is_gone_stays(write: Write, tmp_path: Path) -> None:
    write("own_model", "RATE = 1")
    own = OwnModules()
    rate()
    own.note()
    (tmp_path / "own_model.py").unlink()
    own.drop_changed()
    assert rate() == 1


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_what_is_installed_stays(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    write(f"{folder}.own_model", "RATE = 1")
    monkeypatch.syspath_prepend(tmp_path / folder)
    own = OwnModules()
    rate()
    own.note()
    write(f"{folder}.own_model", "RATE = 22")
    own.drop_changed()
    assert rate() == 1


def test_a_new_module_is_found(write: Write, tmp_path: Path) -> None:
    own = OwnModules()
    with pytest.raises(ImportError):
        rate()
    (tmp_path / "own_model.py").write_text("RATE = 1")
    own.drop_changed()
    assert rate() == 1
