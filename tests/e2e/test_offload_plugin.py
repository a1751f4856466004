"""An offload that somebody else has written: installed beside us, found by its entry point, proven by the kit."""

from pathlib import Path

import pytest

from tests.e2e.plugin_lab import PluginLab

PROGRAM = """
import sys
import rrq_core as rrq
rrq.configure("theirs", "memory://theirs", store_max_size=1000, offload="sqlite://" + sys.argv[1])
with rrq.connect("theirs", "memory://theirs") as q, rrq.worker_spawn(1):
    print(len(q.submit(str.upper, "x" * 50_000).result(30)), *set(q.objects.location(q.objects.list())))
    rrq.destroy()
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> PluginLab:
    return PluginLab.of("rrq-offload-sqlite", tmp_path_factory.mktemp("environment"))


def test_it_is_found_and_used(lab: PluginLab, tmp_path: Path) -> None:
    ran = lab.run("-c", PROGRAM, str(tmp_path / "values.db"))
    assert ran.stdout.split() == ["50000", "offload"], ran.stderr
    assert not (tmp_path / "values.db").exists()


def test_the_kit_proves_it(lab: PluginLab) -> None:
    ran = lab.proven(lab.project / "tests" / "test_sqlite.py")
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
    lab: PluginLab, tmp_path: Path, law: str, breakage: tuple[str, str]
) -> None:
    whole = (lab.project / "src" / "rrq_offload_sqlite.py").read_text()
    assert whole.count(breakage[0]) == 1
    (tmp_path / "broken_offload.py").write_text(whole.replace(*breakage))
    test = (lab.project / "tests" / "test_sqlite.py").read_text()
    opened = 'open_offload(f"sqlite://{tmp_path}/values.db")'
    assert opened in test
    (tmp_path / "test_broken.py").write_text(
        test.replace(opened, '__import__("broken_offload").SqliteOffload(f"{tmp_path}/values.db")')
    )
    ran = lab.proven(tmp_path / "test_broken.py")
    assert ran.returncode == 1, ran.stdout
    assert f"::{law}" in ran.stdout
