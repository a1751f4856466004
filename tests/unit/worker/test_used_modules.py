"""A module that was edited after a worker has imported it is noticed when a task calls something in it."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rrq_core.worker.own_modules import OwnModules
from rrq_core.worker.used_modules import UsedModules

NAME = "used_model"
Edit = Callable[[str], Path]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edit]:
    monkeypatch.syspath_prepend(tmp_path)

    def edit(text: str) -> Path:
        file = tmp_path / f"{NAME}.py"
        file.write_text(text)
        importlib.invalidate_caches()
        return file

    yield edit
    sys.modules.pop(NAME, None)


@pytest.fixture
def used(edit: Edit) -> UsedModules:
    used = UsedModules(OwnModules())
    edit("RATE = 1")
    importlib.import_module(NAME)
    return used


def test_an_edited_module_is_noticed_from_its_first_use_on(used: UsedModules, edit: Edit) -> None:
    assert used.stale(NAME) is None
    file = edit("RATE = 22")
    said = used.stale(NAME)
    assert said is not None
    assert str(file) in said
    assert "REFRESH" in said


def test_each_edit_is_news_once(used: UsedModules, edit: Edit) -> None:
    used.stale(NAME)
    file = edit("RATE = 22")
    assert [used.stale(NAME) is None, used.stale(NAME) is None] == [False, False]
    assert used.news() == [str(file)]
    edit("RATE = 333")
    used.stale(NAME)
    assert used.news() == [str(file)]
    assert used.news() == []


def test_what_is_imported_anew_is_not_stale(used: UsedModules, edit: Edit) -> None:
    used.note()
    edit("RATE = 22")
    assert used.stale(NAME) is not None
    used.note()
    assert used.stale(NAME) is None


def test_a_module_whose_source_is_gone_is_left_alone(used: UsedModules, edit: Edit) -> None:
    used.note()
    edit("RATE = 1").unlink()
    assert used.stale(NAME) is None


def test_what_is_installed_is_not_looked_at(used: UsedModules, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **how: looked.append(path) or stat(path, **how))
    for name in ("math", "json", "numpy", "rrq_core.errors", "no_such_module"):
        assert used.stale(name) is None
    assert looked == []
