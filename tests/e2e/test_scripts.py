"""Functions and classes of a script run in worker processes, which cannot import it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import private_server

SCRIPT = Path(__file__).with_name("script_of_a_scientist.py")
Run = Callable[[str], str]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with private_server() as server:
        yield server.url


@pytest.fixture
def run(url: str, tmp_path: Path) -> Run:
    script = tmp_path / "study.py"
    script.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")

    def run(what: str) -> str:
        words = [sys.executable, str(script), url, what]
        ran = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd="/")
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return run


def test_all_that_can_be_called_is(run: Run) -> None:
    assert run("calls") == "33 as expected\n"


def test_classes_keep_their_identity(run: Run) -> None:
    assert run("identity") == "one and the same\n"


def test_what_is_defined_anew_is_sent_anew(run: Run) -> None:
    assert run("redefined") == "2 11 30\n"


def test_a_traceback_shows_the_lines_of_the_script(run: Run) -> None:
    assert "return n // (n - n)  # the line to show" in run("traced")
