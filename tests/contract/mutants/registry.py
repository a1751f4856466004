"""What a mutant is, and the list of all."""

from collections.abc import Callable

from attrs import frozen


@frozen
class Mutant:
    """A method that is replaced: by what is made of the right one."""

    owner: type
    method: str
    broken: Callable[[Callable[..., object]], Callable[..., object]]
    noticed_by: str


MUTANTS: dict[str, Mutant] = {}


def mutant(owner: type, method: str, noticed_by: str) -> Callable[..., object]:
    """Enter a breakage under the name of its function, which gets the right method and gives a wrong one."""

    def enter(broken: Callable[[Callable[..., object]], Callable[..., object]]) -> object:
        MUTANTS[broken.__name__.replace("_", " ")] = Mutant(owner, method, broken, noticed_by)
        return broken

    return enter


def nothing(*_: object, **__: object) -> None:
    """In place of what should have been done."""
