"""The examples do their work, print it, and leave nothing behind. The measures are right on files that we know."""

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from examples.bootstrap_diabetes.regression import fit, resample
from examples.ising.__main__ import TEMPERATURES
from examples.ising.model import onsager, simulate
from examples.random_walks.walks import distance
from examples.standard_library.measure import deepest_nesting, measure_module
from examples.standard_library.sources import library_sources

ROOT = Path(__file__).parents[2]
SOURCE = '''"""A module.

Of two functions.
"""

import os.path
from collections import Counter
from . import sibling


# A comment.
class Shape:
    def area(self, sides):
        """An area."""
        if sides and all(side > 0 for side in sides):
            for side in sides:
                while side:
                    side -= 1
        elif not sides:
            return None

def plain():
    pass
'''


def run_example(name: str, directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "TMPDIR": str(directory)}
    command = [sys.executable, "-m", f"examples.{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)


def processes_in(directory: Path) -> list[str]:
    """The processes that were started with this temporary directory."""
    return [
        " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline", "environ"])
        if (process.info["environ"] or {}).get("TMPDIR") == str(directory) and process.is_running()
    ]


@pytest.fixture
def directory() -> Iterator[Path]:
    """A temporary directory with a short name: a socket's path has its limit."""
    with tempfile.TemporaryDirectory(prefix="rrq-") as name:
        yield Path(name)


def test_source_files_are_measured_and_nothing_is_left(directory: Path) -> None:
    ran = run_example("standard_library", directory, "--folder", os.path.dirname(json.__file__))
    assert ran.returncode == 0, ran.stderr
    assert "a speed-up of" in ran.stdout
    assert "encoder" in ran.stdout
    assert re.search(r"broken_on_purpose +SyntaxError", ran.stdout)
    assert processes_in(directory) == []
    assert list(directory.iterdir()) == []


def test_the_regression_is_bootstrapped_and_nothing_is_left(directory: Path) -> None:
    pytest.importorskip("sklearn", reason="the extra `examples` is not installed")
    ran = run_example("bootstrap_diabetes", directory, "--batches", "4", "--resamples", "20")
    assert ran.returncode == 0, ran.stderr
    assert "80 resamples" in ran.stdout
    assert processes_in(directory) == []
    assert list(directory.iterdir()) == []


def test_the_magnet_is_simulated_through_all_that_goes_wrong_and_nothing_is_left(directory: Path) -> None:
    ran = run_example("ising", directory, "--size", "8", "--sweeps", "400")
    assert ran.returncode == 0, ran.stderr
    happened = [
        "attempt 1: ERROR ConnectionError",
        "attempt 2: COMPLETE",
        "attempt 1: TIMEOUT took longer than timeout_task_run=1 s",
        "attempt 1: ERROR FileNotFoundError",
        "is IMPOSSIBLE: its dependency",
        "COMPLETE, in the place of 1 before it",
        "A magnet from cold to hot",
    ]
    assert [text for text in happened if text not in ran.stdout] == []
    assert len(re.findall(r"temperature \d\.\d\d is done", ran.stdout)) == len(TEMPERATURES)
    assert processes_in(directory) == []
    assert list(directory.iterdir()) == []


def test_random_walks_are_interrupted_and_extended_and_nothing_is_left(directory: Path) -> None:
    ran = run_example("random_walks", directory, "--walks", "2", "--steps", "5000")
    assert ran.returncode == 0, ran.stderr
    assert "4 tasks for 2 walks, and then 4." in ran.stdout
    assert "2 attempts; the others: 1." in ran.stdout
    assert ran.stdout.count("mean distance of") == 2
    assert processes_in(directory) == []
    assert list(directory.iterdir()) == []


def test_words_are_looked_up_in_an_environment_that_is_changed_and_nothing_is_left(directory: Path) -> None:
    ran = run_example("concordance", directory, "--folder", os.path.dirname(json.__file__), "--workers", "1")
    assert ran.returncode == 0, ran.stderr
    assert len(re.findall(r"\d ms a word$", ran.stdout, re.MULTILINE)) == 4
    assert len(re.findall(r"^  the +[1-9]", ran.stdout, re.MULTILINE)) == 1
    assert re.search(r"was broken, REFRESH was answered: .*SyntaxError", ran.stdout)
    assert "A task ends so: EnvironmentBroken" in ran.stdout
    assert "It was mended, REFRESH was answered: OK" in ran.stdout
    assert processes_in(directory) == []
    assert list(directory.iterdir()) == []


def test_a_walk_needs_no_queue() -> None:
    assert distance(3, 100, -1) == distance(3, 100, -1) > 0


def test_a_cold_magnet_keeps_its_direction_and_a_hot_one_loses_it() -> None:
    cold, hot = (simulate(0, temperature, 8, 200, [7]) for temperature in (1.0, 5.0))
    assert cold.magnetisation == pytest.approx(onsager(1.0), abs=0.01)
    assert hot.magnetisation < 0.3
    assert simulate(0, 5.0, 8, 200, [7]) == hot


def test_a_module_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "known.py"
    file.write_text(SOURCE)
    measured = measure_module("known", str(file))
    assert (measured.functions, measured.classes, measured.nesting) == (2, 1, 5)
    assert measured.imports == ("collections", "os")
    assert (measured.comment_lines, measured.docstring_lines) == (1, 5)
    assert (measured.worst_function, measured.worst_complexity) == ("Shape.area:13", 7)
    assert measured.complexity == 1 + 7 + 1


def test_an_elif_is_not_nested_in_its_if() -> None:
    assert deepest_nesting(ast.parse("if a:\n  b\nelif c:\n  d\nelse:\n  e").body) == 1


def test_a_file_that_does_not_parse_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("def broken(:\n")
    with pytest.raises(SyntaxError):
        measure_module("broken", str(file))


def test_the_largest_files_come_first_and_foreign_packages_not_at_all(tmp_path: Path) -> None:
    for name, size in (("small.py", 1), ("package/__init__.py", 3), ("large.py", 9), ("site-packages/foreign.py", 99)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("#" * size)
    assert [source.module for source in library_sources(tmp_path)] == ["large", "package", "small"]


def test_a_seed_draws_the_same_patients_again() -> None:
    numpy = pytest.importorskip("numpy", reason="the extra `examples` is not installed")
    features = numpy.random.default_rng(1).normal(size=(50, 2))
    target = features @ [2.0, -1.0] + 5
    first, again, other = (resample(seed, features, target, 3).coefficients for seed in (7, 7, 8))
    assert (first == again).all()
    assert numpy.allclose(first, [2.0, -1.0])
    assert not (first == other).all()
    assert numpy.allclose(fit(features, target), [5.0, 2.0, -1.0])
