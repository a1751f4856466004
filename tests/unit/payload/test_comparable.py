"""Calls of a named group are the same in all processes, also where their arguments are of people's own classes."""

from collections.abc import Callable

import pytest

from rrq_core.model.ids import TaskId
from rrq_core.payload import CallEncoder

Elsewhere = Callable[..., list[bytes]]

MEMBERS = """
import dataclasses, enum

@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    tags: frozenset = frozenset(["wet", "cold", "dark"])

class Unit(enum.Enum):
    METRE = "m"
    FOOT = "ft"

class Scaler:
    def __init__(self, by):
        self.by = by
    def scaled(self, n):
        return n * self.by

def member(function, *args):
    send(CallEncoder(function, "q").encode("t" * 32, args, {}).member.encode())

member(len, Case("a"))
member(len, [Unit.FOOT])
member(len, {Unit.FOOT, Unit.METRE})
member(len, {"a", "b", "c", "d"})
member(len, Case("b", tags=frozenset([b"x", ("y", 1), frozenset("uvwxyz")])))
member(len, Case)
member(Scaler(3).scaled, 1)
member(len, lambda n: n * 2 + len({"p", "q", "r"}))
"""


def member(argument: object) -> str | None:
    return CallEncoder(len, "q").encode(TaskId("t" * 32), (argument,), {}).member


def test_equal_arguments_are_the_same_in_all_processes(elsewhere: Elsewhere) -> None:
    assert elsewhere(MEMBERS, seed="1") == elsewhere("\n\n\n" + MEMBERS, seed="2")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a"}, {"b"}),
        ({"a"}, frozenset("a")),
        ({1}, {"1"}),
        ({b"1"}, {"1"}),
        ({"a", "b"}, {"a, b"}),
        ([{1}, {2}], [{2}, {1}]),
        (set, frozenset),
        (complex(1), complex(2)),
    ],
)
def test_different_arguments_are_told_apart(one: object, other: object) -> None:
    assert member(one) != member(other)


def test_a_set_that_its_own_element_holds_is_compared_all_the_same() -> None:
    class Node:
        pass

    one, other = Node(), Node()
    vars(one)["near"], vars(other)["near"] = {other}, {one}
    assert member(one) == member(one)
