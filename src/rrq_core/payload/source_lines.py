"""Source lines of code that travels: tracebacks show them also where there is no such file."""

import linecache
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from types import CodeType

from attrs import field, frozen

_MOST_FILES = 1000

_brought: "OrderedDict[str, None]" = OrderedDict()
_lock = Lock()


@frozen
class Lines:
    """Some lines of a file, from the one numbered `first` on."""

    file: str
    first: int
    lines: Sequence[str] = field(repr=False)

    @property
    def last(self) -> int:
        """The number of the last of them."""
        return self.first + len(self.lines) - 1

    def holds(self, other: "Lines") -> bool:
        """Tell whether others are among these."""
        return self.file == other.file and self.first <= other.first and other.last <= self.last


def lines_of(code: CodeType) -> Lines | None:
    """Give the source of code, None where it cannot be seen here."""
    first, last = code.co_firstlineno, max(_line_numbers(code))
    lines = linecache.getlines(code.co_filename)[first - 1 : last]
    return Lines(code.co_filename, first, tuple(lines)) if lines else None


def line_at(file: str, number: int) -> Lines | None:
    """Give one line of a file, None where it cannot be seen here."""
    line = linecache.getline(file, number)
    return Lines(file, number, (line,)) if line else None


def show_lines(brought: Lines, *, even_instead: bool = False) -> None:
    """Show lines in tracebacks through their file.

    Args:
        brought: The lines.
        even_instead: Whether to show them where a file of this name is here and has others.
    """
    with _lock:
        here = linecache.getlines(brought.file)
        shown = [f"{line.rstrip()}\n" for line in brought.lines]
        if here[brought.first - 1 : brought.last] == shown:
            return
        if here and brought.file not in _brought and not even_instead:
            return
        lines = here + ["\n"] * (brought.last - len(here))
        lines[brought.first - 1 : brought.last] = shown
        _keep(brought.file, lines)


def code_with_lines(make: Callable[..., CodeType], parts: Sequence[object], lines: Lines) -> CodeType:
    """Make code that has brought its source. Called by pickles."""
    show_lines(lines, even_instead=True)
    return make(*parts)


def _keep(file: str, lines: list[str]) -> None:
    """Keep lines where tracebacks find them. Without a time of change nobody looks for them on the disk."""
    linecache.cache[file] = (sum(map(len, lines)), None, lines, file)
    _brought[file] = None
    _brought.move_to_end(file)
    if len(_brought) > _MOST_FILES:
        forgotten, _ = _brought.popitem(last=False)
        linecache.cache.pop(forgotten, None)


def _line_numbers(code: CodeType) -> Iterator[int]:
    yield code.co_firstlineno
    yield from (end for _, end, _, _ in code.co_positions() if end is not None)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _line_numbers(constant)
