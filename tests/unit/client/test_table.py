"""Tables: what counts as one, and what is wrong with one."""

from collections.abc import Iterator, Sequence

import pytest
from attrs import frozen

from rrq_core.client.table import calls_of
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
        ({"a": iter([1])}, "column 'a'"),
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
