"""The page on testing: its tests pass, as the tests of somebody who has only installed us."""

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.pages import ROOT, read_page

PAGE = ROOT / "docs/how-to/test-your-tasks.md"


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    program = read_page(PAGE).program
    (tmp_path / "test_page.py").write_text(program, encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
    assert f"{program.count('def test_')} passed" in ran.stdout, ran.stdout
