"""Frames of other packages are tables: each in a process of its own, as some of them start threads when imported."""

import subprocess
import sys

import pytest

SCRIPT = """
import {package} as package
import rrq_core as rrq

frame = package.{make}({{"a": [1, 2], "b": [3.5, 4.5], "c": ["x", "y"]}})
with rrq.connect("frames", "memory://frames"), rrq.worker_spawn(1):
    tasks = rrq.task_create_bulk_expr("a * b, c", frame)
    rrq.task_wait(tasks)
    print(rrq.task_results(tasks))
    tasks = rrq.task_create_bulk_call(dict, frame)
    rrq.task_wait(tasks)
    print(rrq.task_results(tasks))
"""
EXPECTED = """[(3.5, 'x'), (9.0, 'y')]
[{'a': 1, 'b': 3.5, 'c': 'x'}, {'a': 2, 'b': 4.5, 'c': 'y'}]
"""


@pytest.mark.parametrize(
    ("package", "make"), [("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "table")], ids=lambda name: name
)
def test_each_row_of_a_frame_is_a_task(package: str, make: str) -> None:
    script = SCRIPT.format(package=package, make=make)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.returncode) == (EXPECTED, 0), ran.stderr
