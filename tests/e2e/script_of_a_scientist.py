"""What people have in a script, sent from `__main__` to worker processes: `study.py URL WHAT`."""

import dataclasses
import enum
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, NewType, TypeVar

import rrq_core as rrq

FACTOR = 3
UNSENDABLE = (n for n in range(3))  # a global that nobody uses, and that could not go along


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: int = 2
    colour: Colour = Colour.RED

    def norm(self) -> int:
        return self.x * self.x + self.y * self.y

    @classmethod
    def unit(cls) -> "Point":
        return cls(1, 0)

    @staticmethod
    def origin() -> "Point":
        return Point(0, 0)

    @property
    def mirrored(self) -> "Point":
        return dataclasses.replace(self, x=-self.x)

    def __call__(self, n: int) -> int:
        return self.x * n


@dataclasses.dataclass(slots=True)
class Slotted:
    value: int


class Pair(NamedTuple):
    left: int
    right: int = 2


@functools.singledispatch
def described(thing: Any) -> str:
    return "a thing"


@described.register
def _(thing: list) -> str:  # type: ignore[type-arg]  # singledispatch wants it bare
    return f"a list of {', '.join(map(described, thing))}"


T = TypeVar("T")


class Box(Generic[T]):
    def __init__(self, content: T) -> None:
        self.content = content

    @functools.cached_property
    def doubled(self) -> list[T]:
        return [self.content, self.content]

    @functools.singledispatchmethod
    def with_other(self, other: Any) -> str:
        return f"{self.content} and a thing"

    @with_other.register
    def _(self, other: int) -> str:
        return f"{self.content} and {other * FACTOR}"


class Special(Point):
    def norm(self) -> int:
        return super().norm() + 1


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return "logged", function(*args, **kwargs)

    return wrapper


@logged
def decorated(n: int) -> int:
    return n * FACTOR


Index = NewType("Index", int)


@functools.lru_cache
def remembered(n: int) -> Index:
    return Index(remembered(n - 1) + FACTOR if n else 0)


def factorial(n: int) -> int:
    return n * factorial(n - 1) if n else 1


def is_even(n: int) -> bool:
    return n == 0 or is_odd(n - 1)


def is_odd(n: int) -> bool:
    return n != 0 and is_even(n - 1)


def with_defaults(n: int, by: int = 10, *, plus: Any = Point(1, 1)) -> int:
    return n * by + plus.x


def multiplier(by: int) -> Callable[[int], int]:
    def multiply(n: int) -> int:
        return n * by * FACTOR

    return multiply


def counter() -> Callable[[], int]:
    count = 0

    def up() -> int:
        nonlocal count
        count += 1
        return count

    return up


def generated(n: int) -> list[int]:
    def inner() -> Iterator[int]:
        yield from (i * FACTOR for i in range(n))

    return list(inner())


async def awaited(n: int) -> int:
    return n * FACTOR


def classes_made_inside() -> Any:
    class Inner:
        value = FACTOR

    return Inner.value, Inner()


def broken(n: int) -> int:
    return n // (n - n)  # the line to show


Pairs = list[tuple[object, object]]


def calls(q: rrq.Controller) -> None:
    """Compare what comes back with what should."""
    pairs = [*of_functions(q.submit), *of_classes(q.submit)]
    for number, (found, expected) in enumerate(pairs):
        assert found == expected, (number, found, expected)
    print(f"{len(pairs)} as expected")


def of_functions(submit: Callable[..., rrq.Task[Any]]) -> Pairs:
    up = counter()
    return [
        (submit(lambda n: n + FACTOR, 1).result(), 4),
        (submit(multiplier(2), 5).result(), 30),
        (submit(functools.partial(with_defaults, by=2), 5).result(), 11),
        (submit(functools.partial(multiplier(2), 5)).result(), 30),
        (submit(with_defaults, 4, plus=Point(3)).result(), 43),
        (submit(Special(3, 4).norm).result(), 26),
        (submit(decorated, 2).result(), ("logged", 6)),
        (submit(remembered, 2).result(), 6),
        (submit(lambda: remembered(1) + remembered.cache_info().hits).result(), 3),
        (submit(factorial, 5).result(), 120),
        (submit(described, [[1], 2]).result(), "a list of a list of a thing, a thing"),
        (submit(is_even, 10).result(), True),
        (submit(generated, 3).result(), [0, 3, 6]),
        (submit(awaited, 3).result(), 9),
        (submit(up).result(), 1),
        (submit(up).result(), 1),
    ]  # fmt: skip


def of_classes(submit: Callable[..., rrq.Task[Any]]) -> Pairs:
    return [
        (submit(Point(3, 4).norm).result(), 25),
        (submit(Point.unit).result(), Point(1, 0)),
        (submit(Point.origin).result(), Point(0, 0)),
        (submit(Point(3), 5).result(), 15),
        (submit(Point, 3, colour=Colour.BLUE).result(), Point(3, colour=Colour.BLUE)),
        (submit(max, [Point(1), Point(2)], key=Point.norm).result(), Point(2)),
        (submit(classes_made_inside).result()[0], FACTOR),
        (submit(Colour, 2).result(), Colour.BLUE),
        (submit(Slotted, 3).result(), Slotted(3)),
        (submit(Pair, 1).result(), Pair(1)),
        (submit(lambda slotted: (slotted, hasattr(slotted, "__dict__")), Slotted(3)).result(), (Slotted(3), False)),
        (submit(lambda box: box.doubled, Box(Slotted(1))).result(), [Slotted(1), Slotted(1)]),
        (type(submit(Box, 1).result()), Box),
        (submit(Box(1).with_other, 2).result(), "1 and 6"),
        (submit(lambda box: box.with_other("text"), Box(1)).result(), "1 and a thing"),
        (rrq.task_create_expr("decorated(FACTOR), Point(1).mirrored, [is_odd(n) for n in (1, 2)]").result(),
         (("logged", 9), Point(-1), [True, False])),
        (rrq.task_create_expr(lambda: Point(FACTOR)).result(), Point(3)),
    ]  # fmt: skip


def identity(q: rrq.Controller) -> None:
    """What comes back is of the classes of here, and on one worker, the classes of two tasks are one."""
    point = q.submit(lambda colour: Point(1, colour=colour), Colour.BLUE).result()
    assert type(point) is Point
    assert point.colour is Colour.BLUE
    seen = q.submit(lambda given, kind: (given is Colour.RED, type(given), kind), Colour.RED, Point).result()
    assert seen == (True, Colour, Point)
    assert q.submit(isinstance, Point(1), Point).result() is True
    print("one and the same")


def redefined(q: rrq.Controller) -> None:
    """A function that is defined anew between two submits is the new one, with the new globals."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("K = 1\ndef f(n): return n + K", names)
    first = q.submit(names["f"], 1).result()
    exec("K = 10", names)
    second = q.submit(names["f"], 1).result()
    exec("def f(n): return n * K", names)
    print(first, second, q.submit(names["f"], 3).result())


def traced(q: rrq.Controller) -> None:
    """The traceback shows the line of a function of this script."""
    task = q.submit(broken, 1)
    task.wait()
    error = rrq.task_result(task)
    assert isinstance(error, rrq.TaskError)
    print(error.trace)


if __name__ == "__main__":
    url, what = sys.argv[1:]
    with rrq.connect("script", url) as queue, rrq.worker_spawn(1):
        globals()[what](queue)
