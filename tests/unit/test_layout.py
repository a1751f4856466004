"""A module is one idea and a function does one thing: neither grows past its cap unless a reason stands here."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "plugins", "tests", "examples", "benchmarks")
LONGEST_FILE = 300
LONGEST_FUNCTION = 30

LONG_FILES: Mapping[str, str] = {
    "src/rrq_core/errors.py": "every error, in one tree",
    "src/rrq_core/__init__.py": "the public names: for type checkers, by their modules, and as __all__",
}
LONG_FUNCTIONS: Mapping[str, str] = {
    "tests/e2e/test_embedded.py:test_twenty_processes_at_once_start_one_server_and_all_reach_it": (
        "most of it is the program that another Python runs"
    ),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(ending: str) -> list[Path]:
    return sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob(f"*.{ending}"))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def long_files(files: list[Path]) -> dict[str, int]:
    lengths = {name_of(file): file.read_text(encoding="utf-8").count("\n") for file in files}
    return {name: length for name, length in lengths.items() if length > LONGEST_FILE}


def functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function | ast.ClassDef):
            name = f"{prefix}{node.name}"
            if isinstance(node, Function):
                yield name, node
            yield from functions(node, f"{name}.")
        else:
            yield from functions(node, prefix)


def lines_of_code(function: Function) -> int:
    """Its lines without decorators and docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def long_functions(files: list[Path]) -> dict[str, int]:
    lengths = {
        f"{name_of(file)}:{name}": lines_of_code(function)
        for file in files
        for name, function in functions(ast.parse(file.read_text(encoding="utf-8")), "")
    }
    return {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}


@pytest.mark.parametrize("ending", ["py", "lua"])
def test_a_file_has_at_most_300_lines_unless_a_reason_is_listed(ending: str) -> None:
    found = {name: length for name, length in long_files(sources(ending)).items() if name not in LONG_FILES}
    assert not found, "split them, or list them in LONG_FILES with the reason"


def test_a_function_has_at_most_30_lines_unless_a_reason_is_listed() -> None:
    found = {name: length for name, length in long_functions(sources("py")).items() if name not in LONG_FUNCTIONS}
    assert not found, "split them, or list them in LONG_FUNCTIONS with the reason"


def test_a_listed_exception_still_is_one() -> None:
    long = {**long_files(sources("py")), **long_files(sources("lua")), **long_functions(sources("py"))}
    assert {*LONG_FILES, *LONG_FUNCTIONS} <= set(long)
