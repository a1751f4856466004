"""Where words stand in the text of Python modules. Knows nothing of queues.

All words are counted once and kept; looking one up is quick then.
"""

import re
import sysconfig
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from attrs import frozen

LIBRARY = sysconfig.get_path("stdlib")
WORD = re.compile(r"[a-z]{3,}")

_counts: dict[str, Mapping[str, int]] = {}
_ignored: Collection[str] = ()


@frozen(kw_only=True)
class Found:
    """How often a word stands somewhere, in how many modules, and in which most often; None: nowhere."""

    word: str
    times: int
    modules: int
    most: str | None


def load(folder: str, ignored: Collection[str] = ()) -> None:
    """Count all words of the modules in a folder, but for those that are to be ignored."""
    global _ignored
    _ignored = frozenset(ignored)
    _counts.clear()
    for file in sorted(Path(folder).glob("*.py")):
        text = file.read_text(encoding="utf-8", errors="replace")
        _counts[file.stem] = Counter(WORD.findall(text.lower()))


def look_up(word: str, folder: str) -> Found:
    """Look a word up. What was not loaded is loaded first, from a folder."""
    if not _counts:
        load(folder)
    if word in _ignored:
        return Found(word=word, times=0, modules=0, most=None)
    counts = {module: words[word] for module, words in _counts.items() if words.get(word)}
    most = max(counts, key=lambda module: counts[module]) if counts else None
    return Found(word=word, times=sum(counts.values()), modules=len(counts), most=most)
