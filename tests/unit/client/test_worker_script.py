"""The script that is the command `rrq-worker`, wherever it is called."""

import subprocess
import sys
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.client import worker_script as home

PLAIN = {"PATH": "/usr/bin:/bin"}


def said_by(script: str, env: dict[str, str]) -> str:
    ran = subprocess.run([script, "--help"], check=True, capture_output=True, text=True, env=env, timeout=60)
    return ran.stdout


def test_a_versioned_script_runs_with_this_python_whatever_is_on_path(tmp_path: Path) -> None:
    script = rrq.worker_script(tmp_path / "new" / "bin", versioned=True)
    assert script == str(tmp_path / "new" / "bin" / "rrq-worker")
    assert "QUEUE_ID" in said_by(script, PLAIN)


def test_another_script_runs_with_the_python_that_is_first_on_path(tmp_path: Path) -> None:
    script = rrq.worker_script(tmp_path)
    assert Path(script).read_text().startswith("#!/usr/bin/env python3\n")
    (tmp_path / "python3").symlink_to("/bin/echo")
    assert said_by(script, {"PATH": str(tmp_path)}) == f"{script} --help\n"


def test_a_python_whose_path_no_first_line_can_have_is_called_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "a place" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(home.sys, "executable", str(python))
    assert "QUEUE_ID" in said_by(rrq.worker_script(tmp_path, versioned=True), PLAIN)


def test_a_script_is_replaced(tmp_path: Path) -> None:
    assert rrq.worker_script(tmp_path) == rrq.worker_script(tmp_path, versioned=True)
    assert (tmp_path / "rrq-worker").read_text().startswith(f"#!{sys.executable}\n")


@pytest.mark.parametrize("path", ["/dev/null/bin", 3])
def test_a_place_that_cannot_be_is_refused(path: object) -> None:
    with pytest.raises(rrq.InvalidArgument, match="no script can be written"):
        rrq.worker_script(path)  # type: ignore[arg-type]
