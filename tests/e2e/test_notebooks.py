"""Notebooks: a kernel of IPython, with what people do there."""

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from attrs import frozen
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from nbclient import NotebookClient

from tests.servers import PrivateServer, private_server

GRACE = 30


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with private_server() as server:
        yield server


def begun(server: PrivateServer, queue_id: str, workers: int = 1) -> str:
    """The first cell."""
    lines = [
        "import rrq_core as rrq",
        f"q = rrq.connect({queue_id!r}, {server.url!r})",
        "rrq.default_controller_set(q)",
    ]
    return "\n".join([*lines, f"workers = rrq.worker_spawn({workers}, progress=False)" if workers else ""])


def outputs(*cells: str) -> list[list[Any]]:
    """What each cell of a notebook puts out."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


def text_of(cell: list[Any], stream: str) -> str:
    return "".join(output.text for output in cell if output.output_type == "stream" and output.name == stream)


FUNCTIONS = """
import dataclasses, enum

class Colour(enum.Enum):
    RED = 1

@dataclasses.dataclass
class Point:
    x: int
    colour: Colour = Colour.RED

FACTOR = 2
def doubled(point):
    return Point(point.x * FACTOR)

def broken(n):
    return n / (n - n)  # the line to show
"""
USES = """
back = q.submit(doubled, Point(4)).result()
print(type(back) is Point, back.x, back.colour is Colour.RED)
FACTOR = 5
print(q.map(doubled, [Point(1), Point(2)]).results(), rrq.task_create_expr("doubled(Point(FACTOR)).x").result())
"""
FAILS = """
task = q.submit(broken, 1)
try:
    task.result()
except ZeroDivisionError as error:
    print(error.trace)
"""


WAITS = "import time\nq.map(lambda _: time.sleep(0.3), range(4)).wait()"

Outputs = dict[str, list[Any]]


@pytest.fixture(scope="module")
def notebook(server: PrivateServer) -> Outputs:
    """What the cells of a notebook put out, by name."""
    cells = {
        "begin": begun(server, "notebook"),
        "functions": FUNCTIONS,
        "uses": USES,
        "fails": FAILS,
        "controller": "q",
        "task": "task",
        "group": "q.map(abs, [1, 2])",
        "waits": WAITS,
        "end": "workers.stop()",
    }
    return dict(zip(cells, outputs(*cells.values()), strict=True))


def test_functions_and_classes_of_cells_run_on_workers(notebook: Outputs) -> None:
    identity, *rest = text_of(notebook["uses"], "stdout").splitlines()
    assert identity == "True 8 True"
    assert "Point(x=5" in rest[0]
    assert rest[-1].endswith("25")


def test_a_traceback_shows_the_lines_of_cells(notebook: Outputs) -> None:
    assert "return n / (n - n)  # the line to show" in text_of(notebook["fails"], "stdout")


@pytest.mark.parametrize("name", ["controller", "task", "group"])
def test_handles_show_themselves(notebook: Outputs, name: str) -> None:
    assert "<table>" in notebook[name][0].data["text/html"]


def test_progress_is_one_line(notebook: Outputs) -> None:
    lines = text_of(notebook["waits"], "stderr")
    assert "tasks: 4/4" in lines
    assert lines.count("\n") == 1
    assert lines.endswith("\n")


@frozen
class Kernel:
    """A kernel, cell by cell."""

    manager: KernelManager
    client: BlockingKernelClient

    def run(self, cell: str) -> str:
        """Run a cell, and give what it prints."""
        printed: list[str] = []

        def keep(message: Any) -> None:
            if message["content"].get("name") == "stdout":
                printed.append(message["content"]["text"])

        reply = self.client.execute_interactive(cell, timeout=GRACE, output_hook=keep)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed)

    def run_and_interrupt(self, cell: str) -> str:
        """Run a cell, interrupt it when it has printed something, and give the name of the error that it ends with."""

        def interrupt(message: Any) -> None:
            if message["content"].get("name") == "stdout":
                self.manager.interrupt_kernel()

        reply = self.client.execute_interactive(cell, timeout=GRACE, output_hook=interrupt)
        name: str = reply["content"].get("ename", "")
        return name


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3")
    yield Kernel(manager, client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_an_interrupted_wait_leaves_the_task_and_the_kernel_as_they_were(server: PrivateServer, kernel: Kernel) -> None:
    kernel.run(begun(server, "interrupted"))
    kernel.run("import time, threading\ntask = q.submit(time.sleep, 2)\nother = q.submit(abs, -1)")
    assert kernel.run_and_interrupt("print('begun', flush=True)\ntask.result()") == "KeyboardInterrupt"
    assert kernel.run("print(task.status().is_terminal)") == "False\n"
    assert kernel.run("print(task.result(), other.result(), task.info().attempts[-1].number)") == "None 1 1\n"
    kernel.run("workers.stop()")


def test_a_kernel_that_was_restarted_finds_its_group(server: PrivateServer, kernel: Kernel) -> None:
    map_again = "def f(n): return n * n\ngroup = q.map(f, range({n}), name='study')\nprint(group.results())"
    kernel.run(begun(server, "restarted"))
    assert kernel.run(map_again.format(n=3)) == "[0, 1, 4]\n"
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=GRACE)
    kernel.run(begun(server, "restarted", workers=0))
    assert kernel.run("print(q.group('study').results())") == "[0, 1, 4]\n"
    assert kernel.run(map_again.format(n=4)) == "[0, 1, 4, 9]\n"
    assert kernel.run("print(len(rrq.task_list()))") == "4\n"
    kernel.run("rrq.worker_stop()")
