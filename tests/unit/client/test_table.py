"""Tables: what counts as one, and what is wrong with one."""

import warnings
from collections.abc import Callable, Iterator, Sequence

import pytest
from attrs import frozen

from rrq_core.client.table import calls_of, rows_of, table_of
from rrq_core.errors import InvalidArgument


@frozen
class Column:
    """A column of a frame: sized and iterable, and no sequence."""

    values: Sequence[object]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[object]:
        return iter(self.values)

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def to_pylist(self) -> list[object]:
        return list(self.values)


class Frame:
    """What pandas and polars have in common."""

    def __init__(self, *columns: tuple[object, Sequence[object]]) -> None:
        self.columns = [name for name, _ in columns]
        self._columns = {name: Column(values) for name, values in columns}

    def __getitem__(self, name: object) -> Column:
        return self._columns[name]


class PandasLike(Frame):
    def itertuples(self) -> None: ...


class PolarsLike(Frame):
    def iter_rows(self) -> None: ...


class ArrowLike:
    column_names = ("a", "b")

    def column(self, i: int) -> Column:
        return Column([(1, 2), (3, 4)][i])

    def to_pydict(self) -> None: ...


class QueryLike:
    def collect(self) -> None: ...
    def collect_schema(self) -> None: ...


COLUMNS = (("a", (1, 2)), ("b", (3, 4)))


@pytest.mark.parametrize("table", [dict(COLUMNS), PandasLike(*COLUMNS), PolarsLike(*COLUMNS), ArrowLike()])
def test_each_row_of_a_table_is_a_call_by_keyword(table: object) -> None:
    assert list(calls_of(table, {"c": 5})) == [((), {"a": 1, "b": 3, "c": 5}), ((), {"a": 2, "b": 4, "c": 5})]


def test_each_element_of_another_iterable_is_a_first_argument() -> None:
    assert list(calls_of(iter("ab"), {"c": 5})) == [(("a",), {"c": 5}), (("b",), {"c": 5})]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": [1, 2], "b": [3]}, "'a' has 2, 'b' has 1"),
        ({"a": 3}, "column 'a'.*args="),
        ({"a": "text"}, "column 'a'"),
        ({"a": iter([1])}, "column 'a'.*make a list"),
        ({1: [2]}, "named by a string"),
        ({"a": [1], "c": [2]}, "both give 'c'"),
        (PandasLike(("a", [1]), ("a", [2])), "named once.*'a'"),
        (QueryLike(), r"collect\(\)"),
        (7, "iterable"),
    ],
)
def test_what_is_wrong_with_data_is_told(data: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        calls_of(data, {"c": 5})


@pytest.mark.parametrize("make", [list, tuple, iter])
def test_rows_with_the_same_keys_are_a_table(make: Callable[[object], object]) -> None:
    rows = [{"a": 1, "b": 3}, {"b": 4, "a": 2}]
    assert list(rows_of(table_of(make(rows)))) == rows


def test_a_dict_among_other_data_is_a_first_argument() -> None:
    assert list(calls_of([{"a": 1}, {"b": 2}], {})) == [(({"a": 1},), {}), (({"b": 2},), {})]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"a": 1}, {"a": 1, "b": 2}], "row 0 has 'a', and row 1 has 'a', 'b'"),
        ([{"a": 1}, {}], "row 1 has none"),
        ([{"a": 1}, 3], "list, whose row 1 is int: 3"),
        ([{1: 2}], "named by a string"),
        ([{}, {}], "empty dicts"),
        ("text", "not str: 'text'"),
        (7, "a list of dicts with the same keys.*not int: 7"),
        ({}, "the data is empty"),
        ([], "the data is empty"),
    ],
)
def test_what_is_wrong_with_rows_is_told(data: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        table_of(data)


class CostlyQuery(QueryLike):
    """A query that can tell its columns, at a price."""

    def iter_rows(self) -> None: ...
    def __getitem__(self, name: object) -> None: ...

    @property
    def columns(self) -> list[str]:
        warnings.warn("this is costly", RuntimeWarning, stacklevel=1)
        return []


def test_a_query_is_refused_before_it_is_asked_for_its_columns() -> None:
    with warnings.catch_warnings(action="error"), pytest.raises(InvalidArgument, match=r"collect\(\)"):
        table_of(CostlyQuery())
