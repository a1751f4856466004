"""Expressions for each row of a table."""

from collections.abc import Callable

import pytest

import rrq_core as rrq

GRACE = 10
SCALE = 5


def scaled(n: int) -> int:
    return SCALE * n


@pytest.fixture
def stored_values(q: rrq.Controller) -> Callable[[], int]:
    return lambda: len(list(q.backend.objects.hashes()))


@pytest.fixture
def numbers() -> dict[str, list[int]]:
    return {"n": [1, 2, 3], "of no use": [0, 0, 0]}


@pytest.mark.usefixtures("workers")
class TestInBulk:
    def test_each_row_is_a_task(self, numbers: dict[str, list[int]]) -> None:
        tasks = rrq.task_create_bulk_expr("scaled(n) + 1", numbers)
        rrq.task_wait(tasks, GRACE)
        assert rrq.task_results(tasks) == [6, 11, 16]

    def test_rows_may_be_dicts(self) -> None:
        tasks = rrq.task_create_bulk_expr("scaled(n) + m", ({"n": n, "m": 1} for n in range(3)))
        rrq.task_wait(tasks, GRACE)
        assert rrq.task_results(tasks) == [1, 6, 11]

    def test_columns_come_before_the_surroundings(self, numbers: dict[str, list[int]]) -> None:
        n, SCALE = 100, 2  # noqa: N806
        for expr in ("n * SCALE", lambda: n * SCALE):
            tasks = rrq.task_create_bulk_expr(expr, numbers)  # type: ignore[arg-type]  # both forms
            rrq.task_wait(tasks, GRACE)
            assert rrq.task_results(tasks) == [2, 4, 6]

    def test_a_table_may_have_no_column_that_it_reads(self) -> None:
        tasks = rrq.task_create_bulk_expr("SCALE", {"n": [1, 2]})
        rrq.task_wait(tasks, GRACE)
        assert rrq.task_results(tasks) == [5, 5]


def test_other_values_of_a_bulk_are_stored_once(q: rrq.Controller, stored_values: Callable[[], int]) -> None:
    weights = list(range(1000))
    before = stored_values()
    rrq.task_create_bulk_expr("weights[n]", {"n": list(range(50))})
    assert stored_values() == before + 1
    assert weights


def test_data_is_a_table_with_rows(q: rrq.Controller) -> None:
    for data in ([1, 2], {}, {"n": []}, 3):
        with pytest.raises(rrq.InvalidArgument):
            rrq.task_create_bulk_expr("SCALE", data)
    for data in ({}, {"n": []}, []):
        with pytest.raises(rrq.InvalidArgument, match="the data is empty"):
            rrq.task_create_bulk_expr("SCALE", data)
    with pytest.raises(rrq.NameNotFound, match="the columns of the data \\('n'\\)"):
        rrq.task_create_bulk_expr("m", {"n": [1]})
    assert rrq.task_list() == []
