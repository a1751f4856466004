"""What a type checker makes of our names."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy import api

BIN_AND_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
SNIPPET = """
from typing import Any

import rrq_core as rrq

def area(width: int, height: float = 1.0) -> float: return 0.0
def word(n: int) -> str: return ""
async def later(n: int) -> float: return 0.0
def anything(n: Any) -> Any: return n

async def use(q: rrq.Controller) -> None:
    reveal_type(q.submit(area, 1, height=2.0))  # Task[float]
    reveal_type(q.submit(word, 1).result())  # str
    reveal_type(await q.submit(word, 1))  # str
    reveal_type(q.options(queue="fast").submit(word, 1).result())  # str
    reveal_type(q.map(word, [1, 2]).results())  # list[str]
    reveal_type(q.map(word, [1, 2])[0])  # Task[str]
    reveal_type([task.result() for task in q.map(word, [1]).as_completed()])  # list[str]
    reveal_type(rrq.task_create_call(word, [1]))  # Task[str]
    reveal_type(rrq.task_create_bulk_call(word, [1]))  # list[Task[str]]
    reveal_type(rrq.task_result(q.submit(word, 1)))  # str | TaskError
    reveal_type(rrq.task_result(q.submit(word, 1), error=True))  # str
    reveal_type(rrq.task_status(q.submit(word, 1)))  # TaskStatus
    reveal_type(rrq.task_status([q.submit(word, 1)]))  # list[TaskStatus]
    reveal_type(rrq.task_status("0", named=True))  # dict[str, TaskStatus]
    rrq.task_wait([q.submit(word, 1), q.submit(area, 1), "0"])
    reveal_type(rrq.task_results([q.submit(word, 1)], error=True))  # list[str]
    reveal_type(q.submit(abs, -1))  # Task[int]
    reveal_type(q.submit(area, q.submit(word, 1)))  # Task[float]
    reveal_type(q.submit(area, 1, height=q.submit(word, 1)))  # Task[float]
    reveal_type(q.submit(sum, q.map(word, [1])))  # Task[int]
    reveal_type(q.options(retries=1).submit(area, [q.submit(word, 1)]))  # Task[float]
    q.submit(3, 1)  # error: call-overload
    q.options(retries=1).submit("area")  # error: call-overload
    reveal_type(q.options(retries=3, retry_delay=rrq.exponential(1, 60), retry_on=OSError).submit(word, 1))  # Task[str]
    reveal_type(rrq.task_create_call(word, [q.submit(area, 1)], depends_on=["0", q.submit(word, 1)]))  # Task[str]
    reveal_type(rrq.deferred_list())  # dict[str, dict[str, TaskStatus]]
    reveal_type(rrq.task_create_expr(lambda: word(3)))  # Task[str]
    reveal_type(rrq.task_create_expr("word(3)").result())  # Any
    reveal_type(rrq.task_create_bulk_expr(lambda: 3, {"n": [1]}))  # list[Task[int]]
    rrq.task_create_expr(3)  # error: call-overload
    reveal_type(q.map(word, [1], name="words"))  # TaskGroup[str]
    reveal_type(q.group("words"))  # TaskGroup[object]
    reveal_type(q.submit(later, 1).result())  # float
    reveal_type(q.submit(later, q.submit(word, 1)))  # Task[float]
    reveal_type(q.options(retries=1).submit(later, 1))  # Task[float]
    reveal_type(q.options(retries=1).submit(later, q.submit(word, 1)))  # Task[float]
    reveal_type(q.map(later, [1]))  # TaskGroup[float]
    reveal_type(q.options(retries=1).map(later, [1]).results())  # list[float]
    reveal_type(rrq.task_create_call(later, [1]))  # Task[float]
    reveal_type(rrq.task_create_bulk_call(later, [1]))  # list[Task[float]]
    reveal_type(q.submit(anything, 1).result())  # Any
    reveal_type(q.executor().submit(word, 1))  # TaskFuture[str]
    reveal_type(q.executor(retries=1).submit(word, 1).result())  # str
    reveal_type(q.executor().submit(later, 1))  # TaskFuture[float]
    reveal_type(q.executor().map(word, [1]))  # Iterator[str]
    reveal_type(q.executor().map(later, [1]))  # Iterator[float]
    reveal_type(rrq.task_create_expr(lambda: later(3)).result())  # float
    reveal_type(rrq.task_create_bulk_expr(lambda: later(3), {"n": [1]}))  # list[Task[float]]
    reveal_type(rrq.seed())  # int
    q.options(on_lost="retry")  # error: arg-type
    q.options(queue=3)  # error: arg-type
    q.options(colour="red")  # error: call-arg
"""


EXPECTED = {
    number: expected
    for number, line in enumerate(SNIPPET.splitlines(), start=1)
    for _, comment, expected in [line.partition("  # ")]
    if comment
}


@pytest.fixture
def snippet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file, limit = tmp_path / "snippet.py", sys.getrecursionlimit()
    file.write_text(SNIPPET)
    monkeypatch.chdir(tmp_path)
    yield file
    sys.setrecursionlimit(limit)  # which mypy raises


def test_types_go_through_the_queue(snippet: Path) -> None:
    said, problems, _ = api.run(["--strict", "--no-incremental", "--hide-error-context", str(snippet)])
    assert problems == ""
    about: defaultdict[int, str] = defaultdict(str)
    for line in said.splitlines():
        if line.startswith("snippet.py:"):
            about[int(line.split(":")[1])] += line
    for number, expected in EXPECTED.items():
        told = about[number].replace("builtins.", "").replace("typing.", "")
        for module in ("client.task", "client.task_error", "client.executor", "client.groups", "model.status"):
            told = told.replace(f"rrq_core.{module}.", "")
        wanted = f"[{expected.removeprefix('error: ')}]" if expected.startswith("error: ") else f'"{expected}"'
        assert wanted in told
    assert {number for number, line in about.items() if "error:" in line} <= EXPECTED.keys()


def test_they_do_for_pyright_too(snippet: Path) -> None:
    words = ["basedpyright", "--outputjson", "--pythonpath", sys.executable, str(snippet)]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=100, env={**os.environ, "PATH": BIN_AND_PATH})
    about: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for told in json.loads(ran.stdout)["generalDiagnostics"]:
        about[told["range"]["start"]["line"] + 1].append((told["severity"], told["message"]))
    for number, expected in EXPECTED.items():
        if expected.startswith("error: "):
            assert "error" in dict(about[number])
        else:
            assert any(message.endswith(f'is "{expected}"') for _, message in about[number]), about[number]
    assert {number for number, told in about.items() if "error" in dict(told)} <= EXPECTED.keys()
