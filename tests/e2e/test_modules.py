"""Modules next to a script: a worker in the same directory finds them, another says what helps."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import PrivateServer, private_server

COMMAND = str(Path(sys.executable).with_name("rrq-worker"))
SCRIPT = """
import sys
import rrq_core as rrq
import geometry
import space.deep.shapes
from package import sizes

queue_id, url, *by_value = sys.argv[1:]
with rrq.connect(queue_id, url, by_value=by_value) as q:
    calls = [(geometry.area, 2), (space.deep.shapes.volume, 2), (sizes.doubled, geometry.Box(2))]
    tasks = [q.submit(function, argument) for function, argument in calls]
    rrq.task_wait(tasks, 30, progress=False)
    for result in rrq.task_results(tasks):
        print(str(result).replace(chr(10), " "))
"""
FILES = {
    "study.py": SCRIPT,
    "geometry.py": "class Box:\n    def __init__(self, a): self.a = a\ndef area(a): return a * a\n",
    "space/deep/shapes.py": "import geometry\ndef volume(a): return geometry.area(a) * a\n",
    "package/__init__.py": "",
    "package/sizes.py": "from .factor import FACTOR\ndef doubled(box): return box.a * FACTOR\n",
    "package/factor.py": "FACTOR = 2\n",
}
EXPECTED = ["4", "8", "4"]


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with private_server() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "project"


@contextmanager
def worker_in(directory: Path, queue_id: str, url: str) -> Iterator[None]:
    worker = subprocess.Popen(
        [COMMAND, queue_id, "--url", url], cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(20)


def printed(project: Path, server: PrivateServer, queue_id: str, place: Path, *by_value: str) -> list[str]:
    """What the script prints while a worker of its queue runs in some place."""
    connect = f"import rrq_core as rrq; rrq.connect({queue_id!r}, {server.url!r}).close()"
    subprocess.run([sys.executable, "-c", connect], check=True, timeout=60)
    with worker_in(place, queue_id, server.url):
        words = [sys.executable, "study.py", queue_id, server.url, *by_value]
        ran = subprocess.run(words, cwd=project, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_a_worker_in_the_same_directory_finds_them(project: Path, server: PrivateServer) -> None:
    assert printed(project, server, "same", project) == EXPECTED


def test_a_worker_elsewhere_says_three_remedies(project: Path, server: PrivateServer, tmp_path: Path) -> None:
    first, *_ = printed(project, server, "elsewhere", tmp_path)
    assert "no module named 'geometry' is found on host" in first
    assert f"in the working directory {tmp_path}" in first
    for remedy in (
        "install it on the worker",
        "start the worker in the directory that has it",
        "send it by value with connect(by_value=['geometry'])",
    ):
        assert remedy in first


def test_a_worker_elsewhere_runs_what_is_sent_by_value(project: Path, server: PrivateServer, tmp_path: Path) -> None:
    assert printed(project, server, "by-value", tmp_path, "geometry", "space", "package") == EXPECTED
