"""A backend that somebody else has written: installed beside us, found by its entry point, proven by the kit."""

from pathlib import Path

import pytest

from tests.e2e.plugin_lab import PluginLab

PROGRAM = """
import rrq_core as rrq
from rrq_backend_counting import CALLS
with rrq.connect("theirs", "counting+memory://theirs") as q, rrq.worker_spawn(1):
    print(q.submit(abs, -3).result(30), CALLS["queue.submit"])
"""
TOPICS = "claim or finish or answer or setting or value"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> PluginLab:
    return PluginLab.of("rrq-backend-counting", tmp_path_factory.mktemp("environment"))


def test_it_is_found_and_used(lab: PluginLab) -> None:
    ran = lab.run("-c", PROGRAM)
    assert ran.stdout.split() == ["3", "1"], ran.stderr


def test_the_kit_proves_it(lab: PluginLab) -> None:
    ran = lab.proven(lab.project / "tests" / "test_counting.py", "-k", TOPICS)
    assert ran.returncode == 0, ran.stdout


def test_the_kit_names_the_law_that_a_broken_one_breaks(lab: PluginLab, tmp_path: Path) -> None:
    whole = (lab.project / "src" / "rrq_backend_counting.py").read_text()
    called, forgetful = "return whole(*arguments, **keywords)", "return whole(*arguments)"
    assert whole.count(called) == 1
    (tmp_path / "broken_backend.py").write_text(whole.replace(called, forgetful))
    test = (lab.project / "tests" / "test_counting.py").read_text()
    (tmp_path / "test_broken.py").write_text(
        test.replace("backend = open_backend(", 'backend = __import__("broken_backend").open_counting(')
    )
    ran = lab.proven(tmp_path / "test_broken.py", "-k", "setting or if_absence")
    assert ran.returncode == 1, ran.stdout
    assert "::test_what_is_there_is_kept_if_absence_is_asked_for" in ran.stdout
