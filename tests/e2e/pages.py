"""Pages of documentation as programs: their Python blocks in order, and what each is said to print."""

import re
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"(?P<skip><!-- not run: .+? -->\n)?^```python\n(?P<code>.*?)^```\n(?:\n^```text\n(?P<output>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
MARK = "<<< end of a block >>>"


@frozen(kw_only=True)
class Page:
    """A page: its place in the project, its program, and the output of each block, None where the page shows none."""

    name: str
    program: str
    outputs: tuple[str | None, ...]

    def printed_by_blocks(self, printed: str) -> list[str | None]:
        """Cut what the program printed into its blocks; None where the page shows nothing to compare with."""
        parts = printed.split(f"{MARK}\n")[: len(self.outputs)]
        return [None if shown is None else part for part, shown in zip(parts, self.outputs, strict=True)]


def read_page(file: Path) -> Page:
    """Read a page. Its program keeps the line numbers of the page, but for a line at the end of each block."""
    text = file.read_text(encoding="utf-8")
    lines: list[str] = []
    outputs: list[str | None] = []
    for block in BLOCK.finditer(text):
        if not block["skip"]:
            lines += [""] * (text.count("\n", 0, block.start("code")) - len(lines))
            lines += [*block["code"].splitlines(), f"print({MARK!r})"]
            outputs.append(block["output"])
    return Page(name=file.relative_to(ROOT).as_posix(), program="\n".join(lines) + "\n", outputs=tuple(outputs))


def pages_with_code() -> list[Page]:
    """Read the README and all pages of the documentation that have Python in them."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in map(read_page, files) if page.outputs]
