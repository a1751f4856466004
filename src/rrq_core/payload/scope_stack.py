"""The scopes that are open at some point of an expression, and the names that none of them has."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from attrs import define

from rrq_core.payload.scopes import Kind, Scope


@define
class Need:
    """How a name from outside is used.

    Args:
        is_called: Whether it is called, or is the first of a dotted name that is.
        is_certain: Whether the expression cannot have bound it itself.
    """

    is_called: bool = False
    is_certain: bool = False


Needs = Mapping[str, Need]


class ScopeStack:
    """Keeps the scopes that are open, from the outermost to the innermost, and notes what is needed from outside."""

    def __init__(self, top: Scope) -> None:
        self.needs: dict[str, Need] = {}
        self.has_any_name = False  # after `from module import *`
        self._scopes = [top]

    @property
    def flow(self) -> Scope:
        """The innermost scope that is run from top to bottom, or is a function."""
        return next(scope for scope in reversed(self._scopes) if scope.kind is not Kind.COMPREHENSION)

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        """Open a scope for a while."""
        self._scopes.append(scope)
        try:
            yield
        finally:
            self._scopes.pop()

    def use(self, name: str, is_called: bool) -> None:
        """Note that a name is read; it is needed if no scope has it in any case."""
        is_certain, is_later = not self.has_any_name, False
        for scope in self._sought_in(name):
            is_later = is_later or scope.is_later
            if not scope.flows:
                if name in scope.names:
                    return
            elif scope is self._scopes[-1] or scope.kind is Kind.TOP:
                if name in scope.sure:
                    return
                is_certain = is_certain and name not in scope.maybe and not (is_later and name in scope.names)
        if name == "__class__" and any(scope.kind is Kind.CLASS for scope in self._scopes):
            return
        need = self.needs.setdefault(name, Need())
        need.is_called = need.is_called or is_called
        need.is_certain = need.is_certain or is_certain

    def bind(self, name: str) -> None:
        """Note that a name is bound from here on."""
        scope = self.flow
        if name in scope.elsewhere:
            self._scopes[0].maybe.add(name)
        elif scope.flows:
            scope.sure.add(name)
            scope.maybe.add(name)

    def branches(self, *paths: Callable[[], None]) -> None:
        """Read paths of which one is taken: after them, only what all of them bind is bound in any case."""
        flow, before = self.flow, set(self.flow.sure)
        ends = []
        for path in paths:
            flow.sure = set(before)
            path()
            ends.append(flow.sure)
        flow.sure = set.intersection(*ends)

    def _sought_in(self, name: str) -> Iterator[Scope]:
        for scope in reversed(self._scopes):
            if name in scope.elsewhere:
                yield Scope(kind=Kind.FUNCTION, is_later=scope.is_later)
                yield self._scopes[0]
                return
            yield scope
