"""The public names: all there, loaded when they are used, and seen by type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import rrq_core as rrq


def names_for_type_checkers() -> set[str]:
    tree = ast.parse(Path(rrq.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in imports for alias in node.names}


def test_every_name_is_there_and_type_checkers_see_the_same() -> None:
    assert len(set(rrq.__all__)) == len(rrq.__all__)
    assert [name for name in rrq.__all__ if getattr(rrq, name, None) is None] == []
    assert names_for_type_checkers() == set(rrq.__all__)
    assert set(rrq.__all__) <= set(dir(rrq))


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    assert not hasattr(rrq, "task_conjure")


def test_importing_loads_nothing_but_this() -> None:
    script = (
        "import sys; before = set(sys.modules); import rrq_core; new = {name.partition('.')[0] for name in "
        "set(sys.modules) - before}; print(*sorted(new - sys.stdlib_module_names))"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["rrq_core"]
