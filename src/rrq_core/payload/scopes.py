"""Scopes of an expression: which names are its own at some point of it, and which it can only have from outside."""

import ast
from collections.abc import Iterable, Iterator
from enum import Enum, auto

from attrs import define, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Kind(Enum):
    """What makes a scope. The first two are run from top to bottom: there it matters what comes first."""

    TOP = auto()
    CLASS = auto()
    FUNCTION = auto()
    COMPREHENSION = auto()


@define(kw_only=True)
class Scope:
    """One scope while it is read.

    Args:
        kind: What makes it.
        names: All names that are bound anywhere in it.
        elsewhere: Names that it declares to be those of the outermost scope.
        is_later: Whether what is in it may run when all else has been bound.
        sure: Names that are bound here in any case, as far as it was read.
        maybe: Names that may be bound here.
    """

    kind: Kind
    names: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    is_later: bool = False
    sure: set[str] = field(factory=set)
    maybe: set[str] = field(factory=set)

    @property
    def flows(self) -> bool:
        """Whether a name is bound from its first assignment on, and not in all of the scope."""
        return self.kind in (Kind.TOP, Kind.CLASS)


def scope_of(kind: Kind, nodes: Iterable[ast.AST]) -> Scope:
    """Make the scope of some nodes, which has not been read yet."""
    found = list(nodes)
    declared = {name for node in _own(found) if isinstance(node, ast.Global) for name in node.names}
    elsewhere = set() if kind is Kind.TOP else declared
    return Scope(kind=kind, names=frozenset(bound_names(found)) - elsewhere, elsewhere=frozenset(elsewhere))


def function_scope(function: Function) -> Scope:
    """Make the scope of a function."""
    parameters = [each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)]
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    scope = scope_of(Kind.FUNCTION, [*type_parameters(function), *body])
    names = scope.names.union(parameters)
    return Scope(kind=Kind.FUNCTION, names=names, elsewhere=scope.elsewhere, is_later=True)


def type_parameters(node: ast.AST) -> list[ast.AST]:
    """Give the type parameters of a function or class, which Python has from 3.12 on."""
    return list(getattr(node, "type_params", ()))


def bound_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Go through the names that nodes bind in the scope in which they stand."""
    for node in _own(nodes):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from map(imported_name, aliases)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
            case ast.AST() if type(node).__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple"):
                yield str(vars(node)["name"])


def imported_name(alias: ast.alias) -> str:
    """Give the name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def _own(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Go through nodes and what is in them, as far as it is of the same scope."""
    for node in nodes:
        yield node
        if isinstance(node, _COMPREHENSIONS):
            yield from _walruses(node)
        elif isinstance(node, _FUNCTIONS):
            yield from _own(evaluated_at_definition(node))
        elif isinstance(node, ast.ClassDef):
            yield from _own([*node.decorator_list, *node.bases, *node.keywords])
        else:
            yield from _own(ast.iter_child_nodes(node))


def _walruses(comprehension: Comprehension) -> Iterator[ast.AST]:
    """Go through what a comprehension binds around itself."""
    for node in _own(ast.iter_child_nodes(comprehension)):
        if isinstance(node, ast.NamedExpr):
            yield node.target


def evaluated_at_definition(function: Function) -> list[ast.AST]:
    """Give what of a function is evaluated where it is defined: decorators, defaults, annotations."""
    arguments = function.args
    annotated = [each for each in ast.walk(arguments) if isinstance(each, ast.arg)]
    annotations = [each.annotation for each in annotated]
    if not isinstance(function, ast.Lambda):
        annotations.append(function.returns)
    decorators = [] if isinstance(function, ast.Lambda) else function.decorator_list
    return [node for node in (*decorators, *arguments.defaults, *arguments.kw_defaults, *annotations) if node]
