"""Tables: columns of equal length whose rows are calls. A mapping, or a pandas, polars or pyarrow frame.

The frames are known by what they can do; their packages are not imported.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Protocol, runtime_checkable

from rrq_core.errors import InvalidArgument, InvalidType

Row = Mapping[str, object]


def columns_of(data: object) -> Mapping[str, Iterable[object]] | None:
    """Give the columns of a table by name, checked; None if it is no table.

    Raises:
        InvalidArgument: If a name is no string or stands twice, a column is no sequence, or lengths differ.
    """
    columns = _raw_columns(data)
    return None if columns is None else _checked(columns)


def table_of(data: object) -> Mapping[str, Iterable[object]]:
    """Give the columns of a table by name, checked. Rows are a table, too: an iterable of dicts with the same keys.

    Raises:
        InvalidArgument: If it is no table, or has no rows.
    """
    columns = columns_of(data)
    if columns is None:
        columns = _checked(_columns_of_rows(data))
    if not columns:
        raise InvalidArgument("there is nothing to submit: the data is empty")
    return columns


def rows_of(columns: Mapping[str, Iterable[object]]) -> Iterator[Row]:
    """Go through the rows of a table."""
    names = list(columns)
    return (dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True))


@runtime_checkable
class _ArrowTable(Protocol):
    column_names: Sequence[str]

    def column(self, i: int) -> "_ArrowColumn": ...
    def to_pydict(self) -> object: ...


class _ArrowColumn(Protocol):
    def to_pylist(self) -> list[object]: ...


@runtime_checkable
class _PandasFrame(Protocol):
    columns: Iterable[object]

    def __getitem__(self, name: object) -> Iterable[object]: ...
    def itertuples(self) -> object: ...


@runtime_checkable
class _PolarsFrame(Protocol):
    columns: Iterable[object]

    def __getitem__(self, name: object) -> Iterable[object]: ...
    def iter_rows(self) -> object: ...


@runtime_checkable
class _PolarsQuery(Protocol):
    def collect(self) -> object: ...
    def collect_schema(self) -> object: ...


def _raw_columns(data: object) -> list[tuple[object, object]] | None:
    if isinstance(data, Mapping):
        return list(data.items())
    if isinstance(data, _PolarsQuery):  # before it is asked for its columns, which are costly
        raise InvalidArgument("a LazyFrame is a query that has no rows yet: pass frame.collect()")
    if isinstance(data, _ArrowTable):
        return [(name, data.column(at).to_pylist()) for at, name in enumerate(data.column_names)]
    if isinstance(data, _PandasFrame | _PolarsFrame):
        names = list(data.columns)
        _no_name_twice(names)  # or a name would give a table
        return [(name, data[name]) for name in names]
    return None


def _columns_of_rows(data: object) -> list[tuple[object, object]]:
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise _no_table(f"{type(data).__name__}: {data!r:.60}")
    rows = list(data)
    for at, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise _no_table(f"{type(data).__name__}, whose row {at} is {type(row).__name__}: {row!r:.60}")
        if row.keys() != rows[0].keys():
            raise InvalidArgument(
                f"the rows of a table have the same keys: row 0 has {_names(rows[0])}, and row {at} has {_names(row)}"
            )
    if rows and not rows[0]:
        raise InvalidArgument("the rows of the table are empty dicts: give each the values that the expression reads")
    return [(name, [row[name] for row in rows]) for name in rows[0]] if rows else []


def _no_table(what: str) -> InvalidArgument:
    return InvalidArgument(
        "data is a table: a dict of equally long columns, a list of dicts with the same keys, or a pandas, polars or "
        f"pyarrow frame, not {what}"
    )


def _names(row: Mapping[object, object]) -> str:
    return ", ".join(f"{name!r:.40}" for name in row) or "none"


def _checked(columns: list[tuple[object, object]]) -> Mapping[str, Iterable[object]]:
    _no_name_twice([name for name, _ in columns])
    checked = {_column_name(name): _column(name, column) for name, column in columns}
    lengths = {name: len(column) for name, column in checked.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise InvalidArgument(f"the columns of a table are equally long, these are not: {told}")
    return checked


def _column_name(name: object) -> str:
    if not isinstance(name, str):
        raise InvalidArgument(
            f"a column of a table is named by a string, as it becomes a keyword, or a variable, not by {name!r}"
        )
    return name


def _column(name: object, column: object) -> Collection[object]:
    if isinstance(column, str | bytes) or not isinstance(column, Collection):
        raise InvalidArgument(
            f"column {name!r} of a table is no sequence with a value for each row, but {column!r:.60}: make a list of "
            "what is iterated over, and give what is the same for all rows in args=, or to an expression as a variable"
        )
    return column


def _no_name_twice(names: list[object]) -> None:
    twice = sorted({repr(name) for name in names if names.count(name) > 1})
    if twice:
        raise InvalidArgument(f"a column of a table is named once; twice here: {', '.join(twice)}")


def calls_of(data: object, shared: Row) -> Iterator[tuple[tuple[object, ...], Row]]:
    """Go through the calls that a table or an iterable stands for: positional arguments and keywords of each.

    Args:
        data: A table: each row is a call by keyword. Any other iterable: each element is the first argument of a call.
        shared: Keywords that all calls share.
    Raises:
        InvalidArgument: If data is neither, or a shared keyword is a column too.
    """
    columns = columns_of(data)
    if columns is not None:
        both = sorted(shared.keys() & columns.keys())
        if both:
            raise InvalidArgument(f"args= and the table both give {', '.join(map(repr, both))}: leave it out of one")
        return zip(repeat(()), ({**shared, **row} for row in rows_of(columns)), strict=False)
    if not isinstance(data, Iterable):
        raise InvalidType(f"data is an iterable, or a table of columns, not {type(data).__name__}: {data!r:.60}")
    return (((element,), shared) for element in data)


def keywords_of(args: object, what: str) -> Row:
    """Give keyword arguments, none for None.

    Raises:
        InvalidArgument: If it is no dict with names as keys.
    """
    if args is None:
        return {}
    if not isinstance(args, Mapping) or not all(isinstance(name, str) for name in args):
        raise InvalidType(f"{what} is a dict of arguments by keyword, not {args!r:.60}")
    return args
