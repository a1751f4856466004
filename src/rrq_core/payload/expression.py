"""Expressions: what is sent of them, and how a worker evaluates one in a namespace of its own."""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import lru_cache, partial
from hashlib import sha256
from types import CellType, CodeType, FunctionType
from typing import cast

from attrs import field, frozen

from rrq_core.errors import InvalidArgument, InvalidExpression, InvalidType
from rrq_core.payload.function import FunctionName
from rrq_core.payload.names_in_code import names_in_lambda, without_surroundings
from rrq_core.payload.names_in_source import names_in_source
from rrq_core.payload.private_names import with_private_names
from rrq_core.payload.scope_stack import Needs
from rrq_core.payload.source_lines import Lines, show_lines

_VALUE = "<value>"  # no name that an expression can use
_LONGEST_SHOWN = 60


@frozen(kw_only=True)
class ReadExpression:
    """An expression that was read: its text, or a lambda, and the names that it needs from outside."""

    text: str
    function: Callable[[], object] | None = field(default=None, repr=False)
    needs: Needs

    def bare_function(self) -> Callable[[], object] | None:
        """Give the lambda without what it reads from outside."""
        return None if self.function is None else without_surroundings(cast(FunctionType, self.function))


@frozen(kw_only=True)
class Expression:
    """What a task evaluates.

    Args:
        text: Its source; of a lambda, a name for people.
        function: A lambda, without what it reads from outside.
        references: Names that stand for modules and for what is found in them.
        left: Names that are left to the worker's environment.
    """

    text: str
    function: Callable[[], object] | None = field(default=None, repr=False)
    references: Mapping[str, FunctionName] = field(factory=dict)
    left: tuple[str, ...] = ()

    @property
    def name(self) -> FunctionName:
        """What it is called where a function would have its name."""
        return FunctionName("", self.text)


def read_expression(expr: object, class_name: str | None = None, columns: Collection[str] = ()) -> ReadExpression:
    """Read an expression.

    Args:
        expr: Source text, a lambda without arguments, or an `ast` node.
        class_name: The class inside of which it is written: names such as `__name` are private to it. None: none.
        columns: Names that come as data, as they are.
    Raises:
        InvalidExpression: If it is no Python, or nothing.
        InvalidType: If it is none of these three.
        InvalidArgument: If a lambda takes arguments, or a function is none.
    """
    if type(expr) is FunctionType:
        return _read_lambda(expr)
    if isinstance(expr, str):
        text = textwrap.dedent(expr).strip("\n")
    elif isinstance(expr, ast.AST):
        text = _text_of(expr)
    else:
        raise InvalidType(
            f"an expression is source text, a lambda without arguments, or an ast node, not {type(expr).__name__}: "
            f"{expr!r:.60}; it is written as task_create_expr('f(a)'), so that it is not evaluated here"
        )
    read = _read_text(text)
    if class_name is None or "__" not in text:
        return read
    return _read_text(_text_inside(class_name, text, columns))


def _text_inside(class_name: str, text: str, columns: Collection[str]) -> str:
    """Give the text of an expression with private names as they are inside a class."""
    tree = ast.parse(text)
    try:
        return ast.unparse(tree) if with_private_names(tree, class_name, columns) else text
    except RecursionError as error:
        raise _too_deep(text) from error


@lru_cache(maxsize=64)
def _read_text(text: str) -> ReadExpression:
    tree = _parsed(text)
    try:
        return ReadExpression(text=text, needs=names_in_source(tree))
    except RecursionError as error:
        raise _too_deep(text) from error


def _read_lambda(function: FunctionType) -> ReadExpression:
    if function.__name__ != "<lambda>":
        raise InvalidArgument(
            f"an expression is a lambda, not the function {function.__qualname__}: write the call, "
            f"'{function.__name__}()', or use task_create_call"
        )
    required = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        raise InvalidArgument(
            f"an expression is a lambda without arguments, and this one takes {', '.join(required)}: "
            "task_create_call sends a function with its arguments"
        )
    return ReadExpression(
        text=f"{function.__module__}.{function.__qualname__}", function=function, needs=names_in_lambda(function)
    )


def _text_of(node: ast.AST) -> str:
    match node:
        case ast.Module(body=body) | ast.Interactive(body=body):
            tree: ast.AST = ast.Module(body=body, type_ignores=[])
        case ast.Expression(body=expression):
            tree = expression
        case ast.expr() | ast.stmt():
            tree = node
        case _:
            raise InvalidArgument(f"an ast.{type(node).__name__} is no expression, and no statement")
    try:
        return ast.unparse(tree)
    except Exception as error:  # trees can be made by hand
        raise InvalidExpression(f"the ast node cannot be written as source: {error}") from error


def _parsed(text: str) -> ast.Module:
    try:
        tree = ast.parse(text)
        _compiled(text)
    except SyntaxError as error:
        shown = "" if error.text is None else f": {error.text.strip()!r:.80}"
        place = "" if error.lineno is None else f" in line {error.lineno}"
        raise InvalidExpression(f"the expression is no Python: {error.msg}{place}{shown}") from error
    except (RecursionError, MemoryError) as error:
        raise _too_deep(text) from error
    except ValueError as error:  # null characters
        raise InvalidExpression(f"the expression {text!r:.60} is no Python: {error}") from error
    if not tree.body:
        raise InvalidExpression(f"the expression {text!r:.60} is empty: there is nothing to evaluate")
    return tree


def _too_deep(text: str) -> InvalidExpression:
    return InvalidExpression(
        f"the expression {text!r:.60} is too deeply nested for Python: split it into several lines that assign parts "
        "of it, or write a function"
    )


@lru_cache(maxsize=64)
def _compiled(text: str) -> CodeType:
    """Compile an expression so that its value is kept under a name of our own."""
    tree = ast.parse(text)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        kept = ast.Assign(targets=[ast.Name(id=_VALUE, ctx=ast.Store())], value=last.value)
        tree.body[-1] = ast.fix_missing_locations(ast.copy_location(kept, last))
    code: CodeType = compile(tree, file_name(text), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return code


def file_name(text: str) -> str:
    """Give what stands for the file of an expression in tracebacks."""
    return f"<expression {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}>"


def evaluator(
    expression: Expression, references: Mapping[str, object], environment: Mapping[str, object]
) -> Callable[..., object]:
    """Make the function that evaluates an expression; it takes the values of variables by keyword.

    Args:
        expression: The expression.
        references: What its references stand for.
        environment: The names of the worker's environment, which all others come before.
    """
    if expression.function is None:
        show_lines(Lines(file_name(expression.text), 1, expression.text.splitlines()))
    return partial(_evaluated, expression, {**environment, **references})


def _evaluated(expression: Expression, names: Mapping[str, object], /, **variables: object) -> object:
    namespace = {"__name__": "__main__", "__builtins__": builtins, **names, **variables}
    try:
        if expression.function is not None:
            return _with_surroundings(cast(FunctionType, expression.function), namespace)()
        return _value(expression.text, namespace)
    except NameError as error:
        if error.name in expression.left:
            error.add_note(
                f"{error.name!r} was not found where the expression was submitted, and so was left to the worker's "
                "environment, which does not have it either"
            )
        raise


def _value(text: str, namespace: dict[str, object]) -> object:
    code = _compiled(text)
    ran = eval(code, namespace)
    if code.co_flags & inspect.CO_COROUTINE:
        return _awaited_value(ran, namespace)
    return namespace.pop(_VALUE, None)


async def _awaited_value(ran: Coroutine[object, object, object], namespace: dict[str, object]) -> object:
    await ran
    return namespace.pop(_VALUE, None)


def _with_surroundings(bare: FunctionType, namespace: dict[str, object]) -> Callable[[], object]:
    code = bare.__code__
    cells = tuple(CellType(namespace[name]) if name in namespace else CellType() for name in code.co_freevars)
    function = FunctionType(code, namespace, bare.__name__, bare.__defaults__, cells)
    function.__kwdefaults__, function.__qualname__ = bare.__kwdefaults__, bare.__qualname__
    return function
