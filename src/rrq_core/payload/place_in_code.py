"""Places in code that is elsewhere: code that fails there, for the frames of tracebacks that travelled."""

from collections.abc import Iterator
from itertools import islice
from types import CodeType, TracebackType

from attrs import frozen

_FAILING = compile("raise LookupError", "<elsewhere>", "exec")
_UNIT = 2  # bytes of an instruction
_MOST_UNITS = 8  # in one entry of a table of places
_LONG, _NO_COLUMNS = 14, 13  # kinds of entries, see CPython's InternalDocs/code_objects.md


@frozen
class Columns:
    """What part of a line was run, in bytes of it from 0 on."""

    first: int
    end: int


def columns_of(trace: TracebackType) -> Columns | None:
    """Give the part of its line that a traceback is at, None where it is unknown, or goes on in further lines."""
    places = trace.tb_frame.f_code.co_positions()
    line, last, first, end = next(islice(places, max(trace.tb_lasti, 0) // _UNIT, None), (None,) * 4)
    if first is None or end is None or not line == last == trace.tb_lineno:
        return None
    return Columns(first, end)


def code_failing_at(file: str, name: str, first_line: int, line: int, columns: Columns | None) -> CodeType:
    """Make code that raises LookupError when it is run, all of it at one place.

    Args:
        file: Its file.
        name: Its name.
        first_line: Where it begins.
        line: Where it raises.
        columns: What part of the line does, None if tracebacks are not to mark any.
    """
    table = b"".join(_table(line - first_line, columns))
    return _FAILING.replace(
        co_filename=file, co_name=name, co_qualname=name, co_firstlineno=first_line, co_linetable=table
    )


def _table(down: int, columns: Columns | None) -> Iterator[bytes]:
    """Give the table of places of the code: the first entry goes down to the line, the others stay there."""
    kind = _NO_COLUMNS if columns is None else _LONG
    part = b"" if columns is None else b"\0" + _number(columns.first + 1) + _number(columns.end + 1)
    left = len(_FAILING.co_code) // _UNIT
    while left > 0:
        units = min(left, _MOST_UNITS)
        yield bytes([0x80 | kind << 3 | units - 1]) + _signed(down) + part
        left, down = left - units, 0


def _signed(number: int) -> bytes:
    return _number(-number << 1 | 1 if number < 0 else number << 1)


def _number(number: int) -> bytes:
    """Write a number by six bits a byte, the lowest first; 64 in a byte says that more follow."""
    digits = bytearray()
    while number > 63:
        digits.append(64 | number & 63)
        number >>= 6
    return bytes([*digits, number])
