"""Source lines of code that is in no file here, so that tracebacks show them."""

import linecache
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

_MOST_SOURCES = 1000

_known: "OrderedDict[str, None]" = OrderedDict()
_lock = Lock()


def remember_source(file: str, lines: Sequence[str], first: int = 1) -> None:
    """Show these lines in tracebacks through a file, unless it is here and has them.

    Args:
        file: The name of the file, as code has it.
        lines: The lines.
        first: The number of the first of them.
    """
    shown = [f"{line}\n" for line in (text.rstrip("\n") for text in lines)]
    with _lock:
        here = linecache.getlines(file)
        last = first - 1 + len(shown)
        if here[first - 1 : last] == shown:
            return
        padded = here + ["\n"] * (last - len(here))
        padded[first - 1 : last] = shown
        # Without a time of change it is not looked for on the disk.
        linecache.cache[file] = (sum(map(len, padded)), None, padded, file)
        _known[file] = None
        _known.move_to_end(file)
        if len(_known) > _MOST_SOURCES:
            forgotten, _ = _known.popitem(last=False)
            linecache.cache.pop(forgotten, None)
