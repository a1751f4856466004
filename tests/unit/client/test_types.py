"""What a type checker makes of our names."""

from collections import defaultdict
from pathlib import Path

import pytest
from mypy import api

SNIPPET = """
import rrq_core as rrq

def area(width: int, height: float = 1.0) -> float: ...
def word(n: int) -> str: ...

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
    q.options(on_lost="retry")  # error: arg-type
    q.options(queue=3)  # error: arg-type
    q.options(colour="red")  # error: call-arg
"""


def test_types_go_through_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET)
    monkeypatch.chdir(tmp_path)
    said, problems, _ = api.run(["--strict", "--no-incremental", "--hide-error-context", str(file)])
    assert problems == ""
    about: defaultdict[int, str] = defaultdict(str)
    for line in said.splitlines():
        if line.startswith("snippet.py:"):
            about[int(line.split(":")[1])] += line
    for number, line in enumerate(SNIPPET.splitlines(), start=1):
        _, comment, expected = line.partition("  # ")
        if not comment:
            continue
        told = about[number].replace("builtins.", "")
        for module in ("client.task", "client.task_error", "model.status"):
            told = told.replace(f"rrq_core.{module}.", "")
        wanted = f"[{expected.removeprefix('error: ')}]" if expected.startswith("error: ") else f'"{expected}"'
        assert wanted in told
