"""The names that an expression needs from outside, found in its syntax tree.

The tree is read in the order in which it runs. Where it is not known whether a name is bound (one branch of an `if`
does so, say), the name is wanted from outside all the same; it is only missed less.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rrq_core.payload.scope_stack import Needs, ScopeStack
from rrq_core.payload.scopes import (
    Comprehension,
    Kind,
    Scope,
    bound_names,
    evaluated_at_definition,
    function_scope,
    imported_name,
    scope_of,
    type_parameters,
)

_ALIKE = {
    "AsyncFunctionDef": "FunctionDef",
    "AsyncFor": "For",
    "AsyncWith": "With",
    "TryStar": "Try",
    "SetComp": "ListComp",
    "DictComp": "ListComp",
    "GeneratorExp": "ListComp",
}


def names_in_source(tree: ast.Module) -> Needs:
    """Find the names that an expression needs from outside, in the order in which it reads them."""
    reader = _Reader(tree)
    reader.read(tree.body)
    return reader.scopes.needs


class _Reader(ast.NodeVisitor):
    """Reads a tree in the order in which it runs, and notes names that come from outside."""

    def __init__(self, tree: ast.Module) -> None:
        self.scopes = ScopeStack(scope_of(Kind.TOP, tree.body))
        self._called: set[ast.Name] = set()

    def visit(self, node: ast.AST) -> None:
        """Read a node."""
        kind = type(node).__name__
        getattr(self, f"visit_{_ALIKE.get(kind, kind)}", self.generic_visit)(node)

    def read(self, *parts: ast.AST | Iterable[ast.AST] | None) -> None:
        """Read nodes, one after the other."""
        for part in parts:
            if isinstance(part, ast.AST):
                self.visit(part)
            elif part is not None:
                for node in part:
                    self.visit(node)

    # Names.

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.scopes.bind(node.id)
            return
        self.scopes.use(node.id, node in self._called)
        if isinstance(node.ctx, ast.Del):
            self.scopes.flow.sure.discard(node.id)

    # Calls.

    def visit_Call(self, node: ast.Call) -> None:
        self._note_called(node.func)
        self.generic_visit(node)

    def _note_called(self, node: ast.expr) -> None:
        while isinstance(node, ast.Attribute):
            node = node.value
        if isinstance(node, ast.Name):
            self._called.add(node)

    # What runs in another order than it is written.

    def visit_Assign(self, node: ast.Assign) -> None:
        self.read(node.value, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.read(node.value, node.annotation)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self.read(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.scopes.use(node.target.id, is_called=False)
        self.read(node.value, node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.read(node.value, node.target)

    def visit_Import(self, node: ast.Import) -> None:
        self._import(node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._import(node.names)

    def _import(self, aliases: Sequence[ast.alias]) -> None:
        for alias in aliases:
            if alias.name == "*":
                self.scopes.has_any_name = True
            else:
                self.scopes.bind(imported_name(alias))

    # Branches.

    def _perhaps(self, *parts: ast.AST | Iterable[ast.AST] | None) -> None:
        self.scopes.branches(lambda: self.read(*parts), _nothing)

    def visit_If(self, node: ast.If) -> None:
        self.read(node.test)
        self.scopes.branches(lambda: self.read(node.body), lambda: self.read(node.orelse))

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.read(node.test)
        self.scopes.branches(lambda: self.read(node.body), lambda: self.read(node.orelse))

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.read(node.values[0])
        self._perhaps(node.values[1:])

    def visit_Compare(self, node: ast.Compare) -> None:
        self.read(node.left, node.comparators[0])
        self._perhaps(node.comparators[1:])

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.read(node.iter)
        self._loop(node, node.target, node.body)

    def visit_While(self, node: ast.While) -> None:
        self.scopes.flow.maybe.update(bound_names([node]))
        self.read(node.test)
        self._loop(node, node.body)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, *body: ast.AST | list[ast.stmt]) -> None:
        """Read a loop: what a round binds may be bound in the next, and after all of them."""
        self.scopes.flow.maybe.update(bound_names([node]))
        self._perhaps(*body)
        self._perhaps(node.orelse)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.read(item.context_expr, item.optional_vars)
        self._perhaps(node.body)  # it may be left early: a context can suppress errors

    def visit_Try(self, node: ast.Try) -> None:
        before = set(self.scopes.flow.sure)
        self.scopes.flow.maybe.update(bound_names(node.body))
        handlers: Iterator[Callable[[], None]] = (self._handler(handler) for handler in node.handlers)
        self.scopes.branches(lambda: self.read(node.body, node.orelse), *handlers)
        after, self.scopes.flow.sure = self.scopes.flow.sure, before
        self.read(node.finalbody)  # whatever went before it
        self.scopes.flow.sure |= after

    def _handler(self, handler: ast.ExceptHandler) -> Callable[[], None]:
        def read() -> None:
            self.read(handler.type)
            if handler.name is not None:
                self.scopes.bind(handler.name)
            self.read(handler.body)
            self.scopes.flow.sure.discard(handler.name or "")

        return read

    def visit_Match(self, node: ast.Match) -> None:
        self.read(node.subject)
        cases: Iterator[Callable[[], None]] = (self._case(case) for case in node.cases)
        self.scopes.branches(*cases, _nothing)

    def _case(self, case: ast.match_case) -> Callable[[], None]:
        def read() -> None:
            self.read(case.pattern)
            for name in bound_names([case.pattern]):
                self.scopes.bind(name)
            self.read(case.guard, case.body)

        return read

    # Scopes.

    @contextmanager
    def _with_type_parameters(self, node: ast.AST) -> Iterator[None]:
        parameters = type_parameters(node)
        if not parameters:
            yield
            return
        with self.scopes.inside(Scope(kind=Kind.COMPREHENSION, names=frozenset(bound_names(parameters)))):
            yield

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self._note_called(decorator)
        with self._with_type_parameters(node):
            self.read(evaluated_at_definition(node))
        self.scopes.bind(node.name)  # before its body, which runs when it is called
        with self.scopes.inside(function_scope(node)):
            self.read(node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.read(evaluated_at_definition(node))
        with self.scopes.inside(function_scope(node)):
            self.read(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self._note_called(decorator)
        self.read(node.decorator_list)
        with self._with_type_parameters(node):
            self.read(node.bases, node.keywords)
            with self.scopes.inside(scope_of(Kind.CLASS, node.body)):
                self.read(node.body)
        self.scopes.bind(node.name)

    def visit_ListComp(self, node: Comprehension) -> None:
        first, *others = node.generators
        self.read(first.iter)
        targets = bound_names(generator.target for generator in node.generators)
        is_later = isinstance(node, ast.GeneratorExp)
        with self.scopes.inside(Scope(kind=Kind.COMPREHENSION, names=frozenset(targets), is_later=is_later)):
            inner = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            self._perhaps(first.ifs, *((other.iter, *other.ifs) for other in others), inner)


def _nothing() -> None:
    """Take the path on which nothing happens."""
