"""Functions that are typed into a shell, or come from no file, run on workers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import private_server

CELLS = """
import rrq_core as rrq
q = rrq.connect("shell", {url!r}); rrq.default_controller_set(q); w = rrq.worker_spawn(1, progress=False)
FACTOR = 3
scaled = lambda n: n * FACTOR
class Point: x = 1

print("scaled", q.submit(scaled, 2).result(progress=False))
print("expression", rrq.task_create_expr("[scaled(n) for n in range(FACTOR)]").result(progress=False))
print("class", q.submit(lambda p: p, Point).result(progress=False) is Point)
w.stop(); q.close()
"""
EXPECTED = ["scaled 6", "expression [0, 3, 6]", "class True"]
IPYTHON = ["-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=NoColor"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with private_server() as server:
        yield server.url


@pytest.mark.parametrize(
    ("words", "typed"),
    [(["-c"], False), (["-"], True), (["-i"], True), (IPYTHON, True)],
    ids=["command", "standard input", "interactive", "IPython"],
)
def test_what_is_typed_runs_on_workers(words: list[str], typed: bool, url: str, tmp_path: Path) -> None:
    cells = CELLS.format(url=url)
    command = [sys.executable, *words] if typed else [sys.executable, *words, cells]
    ran = subprocess.run(
        command,
        input=cells if typed else "",
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "dumb"},
    )
    assert [line for line in EXPECTED if line not in ran.stdout] == [], ran.stdout + ran.stderr
