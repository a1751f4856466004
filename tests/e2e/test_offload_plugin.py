"""An offload that somebody else has written: installed beside us, found by its entry point, proven by the kit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "rrq-offload-sqlite"
PROGRAM = """
import sys
import rrq_core as rrq
rrq.configure("theirs", "memory://theirs", store_max_size=1000, offload="sqlite://" + sys.argv[1])
with rrq.connect("theirs", "memory://theirs") as q, rrq.worker_spawn(1):
    print(len(q.submit(str.upper, "x" * 50_000).result(30)), *set(q.objects.location(q.objects.list())))
    rrq.destroy()
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which the plugin is installed."""
    target = tmp_path_factory.mktemp("environment")
    install = ["install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", *install, str(PROJECT)], check=True, timeout=100)
    return target


def run(environment: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(environment)},
        cwd=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_it_is_found_and_used(environment: Path, tmp_path: Path) -> None:
    ran = run(environment, "-c", PROGRAM, str(tmp_path / "values.db"))
    assert ran.stdout.split() == ["50000", "offload"], ran.stderr
    assert not (tmp_path / "values.db").exists()


def proven(environment: Path, tests: Path) -> "subprocess.CompletedProcess[str]":
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tests.parent), "-c", os.devnull]
    return run(environment, "-m", "pytest", *options, str(tests))


def test_the_kit_proves_it(environment: Path) -> None:
    ran = proven(environment, PROJECT / "tests" / "test_sqlite.py")
    assert ran.returncode == 0, ran.stdout


BREAKAGES = {
    "test_names_that_look_alike_are_apart": (
        "DELETE FROM bytes WHERE name = ?",
        "DELETE FROM bytes WHERE name LIKE ? || '%'",
    ),
    "test_missing_names_are_named": ("raise ObjectMissing(missing)", "raise ObjectMissing(names)"),
    "test_writing_the_same_again_is_harmless": ("INSERT OR REPLACE", "INSERT"),
    "test_a_destroyed_offload_is_empty_and_can_be_used_anew": ("self._path.unlink(missing_ok=True)", "pass"),
}


@pytest.mark.parametrize(("law", "breakage"), BREAKAGES.items(), ids=BREAKAGES)
def test_the_kit_names_the_law_that_a_broken_one_breaks(
    environment: Path, tmp_path: Path, law: str, breakage: tuple[str, str]
) -> None:
    whole = (PROJECT / "src" / "rrq_offload_sqlite.py").read_text()
    assert whole.count(breakage[0]) == 1
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "broken_offload.py").write_text(whole.replace(*breakage))
    test = (PROJECT / "tests" / "test_sqlite.py").read_text()
    opened = 'open_offload(f"sqlite://{tmp_path}/values.db")'
    assert opened in test
    (broken / "test_broken.py").write_text(
        test.replace(opened, '__import__("broken_offload").SqliteOffload(f"{tmp_path}/values.db")')
    )
    ran = proven(environment, broken / "test_broken.py")
    assert ran.returncode == 1, ran.stdout
    assert f"::{law}" in ran.stdout
