"""The common environment: packages are imported, files are run."""

import builtins
import math
import os
import socket
from pathlib import Path

import pytest

from rrq_core.worker.packages_and_sources import PackagesAndSources


def made(*, packages: tuple[str, ...] = (), sources: tuple[Path, ...] = ()) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "somewhere", "__builtins__": builtins}
    PackagesAndSources(packages=packages, sources=tuple(map(str, sources)))(names)
    return names


def test_a_package_is_bound_and_so_are_its_public_names() -> None:
    names = made(packages=("math",))
    assert names["math"] is math
    assert names["sqrt"] is math.sqrt


def test_only_what_a_package_calls_public_is_bound() -> None:
    names = made(packages=("glob",))
    assert "iglob" in names
    assert "fnmatch" not in names  # it is imported there, and not in __all__


def test_the_names_of_python_stay_its_own() -> None:
    names = made(packages=("math", "os"))
    assert "pow" not in names
    assert "open" not in names


def test_of_a_dotted_name_the_first_part_is_bound() -> None:
    names = made(packages=("os.path",))
    assert names["os"] is os
    assert names["join"] is os.path.join


def test_parts_that_a_package_lists_are_imported() -> None:
    assert "decoder" not in made(packages=("json",))
    assert made(packages=("concurrent.futures",))["ThreadPoolExecutor"].__module__ == "concurrent.futures.thread"


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        made(packages=("no_such_package",))


def test_files_run_in_order_and_see_each_other_and_the_packages(tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("BASE = sqrt(16)\n")
    second.write_text("def area():\n    return BASE * 2\n")
    assert made(packages=("math",), sources=(first, second))["area"]() == 8


def test_a_file_knows_where_it_lies(tmp_path: Path) -> None:
    file = tmp_path / "source.py"
    file.write_text("HERE = __file__\n")
    assert made(sources=(file,))["HERE"] == str(file)


def test_a_file_is_not_run_as_a_script(tmp_path: Path) -> None:
    file = tmp_path / "source.py"
    file.write_text("if __name__ == '__main__':\n    raise SystemExit\n")
    assert made(sources=(file,))


def test_a_file_is_read_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "source.py"
    file.write_bytes("# coding: latin-1\nNAME = 'é'\n".encode("latin-1"))
    assert made(sources=(file,))["NAME"] == "é"


def test_a_file_that_is_missing_is_named_with_its_host(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=socket.gethostname()) as caught:
        made(sources=(tmp_path / "gone.py",))
    assert str(tmp_path / "gone.py") in str(caught.value)


def test_a_file_with_half_a_sentence_is_named(tmp_path: Path) -> None:
    file = tmp_path / "source.py"
    file.write_text("a +\n")
    with pytest.raises(SyntaxError) as caught:
        made(sources=(file,))
    assert caught.value.filename == str(file)
