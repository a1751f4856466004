"""The README and the documentation do what they say: their code runs, and prints what they show."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.pages import ROOT, Page, pages_with_code

PAGES = pages_with_code()
FOLDERS = ("docs", "examples", "benchmarks")
TEXTS = [*sorted(ROOT.glob("*.md")), *(file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.md")))]


def run_page(page: Page, directory: Path) -> "subprocess.CompletedProcess[str]":
    script = directory / "page.py"
    script.write_text(page.program, encoding="utf-8")
    environment = {**os.environ, "RRQ_URL": f"embedded://{directory}/server?idle=0", "XDG_STATE_HOME": str(directory)}
    return subprocess.run(
        [sys.executable, str(script)], cwd=directory, env=environment, capture_output=True, text=True, timeout=100
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs_and_prints_what_the_page_shows(page: Page, tmp_path: Path) -> None:
    ran = run_page(page, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert page.printed_by_blocks(ran.stdout) == list(page.outputs)


def test_the_readme_shows_code_with_its_output() -> None:
    readme = next(page for page in PAGES if page.name == "README.md")
    assert readme.outputs
    assert all(readme.outputs)


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (file.parent / link).exists()] == []


def test_nobody_is_told_to_install_the_other_package() -> None:
    wrong = re.compile(r"pip install '?rrq(?!-core)\b")
    assert [file.name for file in TEXTS if wrong.search(file.read_text(encoding="utf-8"))] == []
