"""Private names in expressions are what they are in code at the same place."""

from typing import Any

import pytest

import rrq_core as rrq

GRACE = 10


class _Account:
    """Has private names; its own begins with an underscore."""

    def __init__(self) -> None:
        self.__p = 20

    def submit(self, text: str) -> rrq.Task[Any]:
        __local = 1
        return rrq.task_create_expr(text)

    def from_inside(self) -> list[rrq.Task[Any]]:
        def inner() -> rrq.Task[Any]:
            return rrq.task_create_expr("self.__p")

        return [inner(), *[rrq.task_create_expr("me.__p") for me in [self]]]

    def in_bulk(self) -> list[rrq.Task[Any]]:
        return rrq.task_create_bulk_expr("self.__p + __n", {"__n": [1, 2]})


@pytest.mark.usefixtures("workers")
class TestPrivateNamesInsideAClass:
    def test_are_those_of_the_class(self) -> None:
        account = _Account()
        for text, value in {
            "self.__p": 20,
            "f'{self.__p}'": "20",
            "self.__p + __local": 21,
            "__x = self.__p\n__x": 20,
            "(lambda __a: __a)(self.__p)": 20,
            "dict(__a=self.__p)": {"__a": 20},
            "class __Other:\n  __p = 3\n__Other._Other__p": 3,
            "class Other:\n  __p = 3\nOther._Other__p": 3,
            "self.__class__.__name__": "_Account",
        }.items():
            assert account.submit(text).result(GRACE) == value

    def test_also_in_functions_of_a_method(self) -> None:
        assert [task.result(GRACE) for task in _Account().from_inside()] == [20, 20]

    def test_but_columns_are_called_as_they_are_given(self) -> None:
        assert [task.result(GRACE) for task in _Account().in_bulk()] == [21, 22]

    def test_the_innermost_class_counts(self) -> None:
        class Outer:
            class Inner:
                def __init__(self) -> None:
                    self.__p = 4

                def submit(self) -> rrq.Task[Any]:
                    return rrq.task_create_expr("self.__p")

        assert Outer.Inner().submit().result(GRACE) == 4

    def test_and_while_it_is_made(self) -> None:
        class Study:
            __size = 3
            task = rrq.task_create_expr("__size")

        assert Study.task.result(GRACE) == 3


def test_private_names_outside_of_a_class_are_as_they_are_written(workers: rrq.WorkerManager) -> None:
    __p = 3
    assert rrq.task_create_expr("__p").result(GRACE) == __p


def test_neither_are_those_of_code_that_is_executed(q: rrq.Controller) -> None:
    class Study:
        def submit(self) -> str:
            names: dict[str, Any] = {"rrq": rrq, "__p": 1}
            exec("task = rrq.task_create_expr('__p')", names)
            return rrq.task_data(names["task"]).function

    assert Study().submit() == "__p"
