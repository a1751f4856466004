"""What is measured of one source file. This is the code that the workers run; it knows nothing of queues."""

import ast
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import frozen

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef

BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.Assert,
    ast.comprehension,
    ast.match_case,
)


@frozen(kw_only=True)
class Measure:
    """The figures of one module.

    `complexity` is McCabe's number, summed over the module's functions and its top level. `comment_lines` are those
    that hold nothing else.
    """

    module: str
    bytes: int
    lines: int
    comment_lines: int
    docstring_lines: int
    functions: int
    classes: int
    imports: tuple[str, ...]
    complexity: int
    worst_function: str
    worst_complexity: int
    nesting: int


def measure_module(module: str, path: str) -> Measure:
    """Parse a source file and measure it.

    Raises:
        SyntaxError: If it does not parse, or is not in the encoding that it claims.
    """
    source = read_source(path)
    tree = ast.parse(source, path)
    nodes = list(ast.walk(tree))
    functions = {name: complexity(node) for name, node in functions_of(tree)}
    worst = max(functions, key=functions.__getitem__, default="")
    return Measure(
        module=module,
        bytes=Path(path).stat().st_size,
        lines=source.count("\n"),
        comment_lines=sum(line.lstrip().startswith("#") for line in source.splitlines()),
        docstring_lines=sum(docstring_length(node) for node in nodes if isinstance(node, Definition | ast.Module)),
        functions=len(functions),
        classes=sum(isinstance(node, ast.ClassDef) for node in nodes),
        imports=imported_modules(nodes),
        complexity=complexity(tree) + sum(functions.values()),
        worst_function=worst,
        worst_complexity=functions.get(worst, 0),
        nesting=deepest_nesting(tree.body),
    )


def read_source(path: str) -> str:
    """Read a source file in the encoding that it declares."""
    with tokenize.open(path) as file:
        return file.read()


def functions_of(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Go through all functions below a node, with their dotted names; two of the same name differ by their line."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            name = f"{prefix}{child.name}"
            if isinstance(child, Function):
                yield f"{name}:{child.lineno}", child
            yield from functions_of(child, f"{name}.")
        else:
            yield from functions_of(child, prefix)


def complexity(node: ast.AST) -> int:
    """Count the independent paths through a function, or a module's top level: 1, and 1 for each branch.

    >>> complexity(ast.parse("x = 1 if y and z else 2"))
    3
    """
    return 1 + sum(branches(inner) for inner in walk_own(node))


def branches(node: ast.AST) -> int:
    """Count the branches that one node makes by itself."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    return int(isinstance(node, BRANCHES))


def walk_own(node: ast.AST) -> Iterator[ast.AST]:
    """Go through the nodes below one, but not into the functions defined there, which are counted by themselves."""
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        inner = waiting.pop()
        if not isinstance(inner, Function):
            yield inner
            waiting.extend(ast.iter_child_nodes(inner))


def imported_modules(nodes: Iterable[ast.AST]) -> tuple[str, ...]:
    """List the top-level names of the modules that a module's nodes import, each once."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return tuple(sorted(names))


def deepest_nesting(body: list[ast.stmt]) -> int:
    r"""Find how many blocks lie inside each other at the deepest place; an `elif` is not inside its `if`.

    >>> deepest_nesting(ast.parse("if a:\n  for b in c:\n    d\nelif e:\n  f").body)
    2
    """
    return max((1 + deepest_nesting(inner) for statement in body for inner in blocks(statement)), default=0)


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Go through the blocks that a statement opens."""
    if isinstance(statement, ast.If) and len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
        yield statement.body
        yield from blocks(statement.orelse[0])
        return
    parts = [statement, *getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    for part in parts:
        yield from (block for field in ("body", "orelse", "finalbody") if (block := getattr(part, field, None)))


def docstring_length(node: Definition | ast.Module) -> int:
    """Count the lines of one docstring, 0 without one."""
    first = node.body[0] if node.body else None
    if not (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    ):
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1
