"""Making tasks of expressions: one, or one for each row of a table."""

import ast
import sys
from collections.abc import Callable, Collection, Coroutine, Mapping
from types import FrameType
from typing import Any, TypeVar, Unpack, overload

from attrs import frozen

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.options import OptionArguments, TaskOptions, check_for_many, task_options
from rrq_core.client.submit import encoder_for, submit_call, submit_calls
from rrq_core.client.surroundings import Found, class_around, look_up, places_around, places_of_lambda
from rrq_core.client.table import rows_of, table_of
from rrq_core.client.task import Task
from rrq_core.errors import NotSendable
from rrq_core.payload import CallEncoder, Expression, read_expression

T = TypeVar("T")


# Nobody can tell the type of what a text gives, hence Any: with `object` people would have to cast each result. What a
# coroutine gives is awaited by the worker.
@overload
def task_create_expr(
    expr: str | ast.AST, *, controller: Connection | None = None, **options: Unpack[OptionArguments]
) -> Task[Any]: ...
@overload
def task_create_expr(
    expr: Callable[[], Coroutine[Any, Any, T]],
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> Task[T]: ...
@overload
def task_create_expr(
    expr: Callable[[], T], *, controller: Connection | None = None, **options: Unpack[OptionArguments]
) -> Task[T]: ...
def task_create_expr(
    expr: str | ast.AST | Callable[[], T],
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> Task[Any]:
    """Submit an expression, with the values of the names that it reads.

    Names are looked up where this is called: variables, those of the scopes around, globals. Modules, and functions
    that workers can import, go by name, all else by value. What is assigned in the expression stays in it. A name that
    is found nowhere but is called, as `f(1)` or `tools.f(1)`, is left to the worker's environment.

    Args:
        expr: Source text, of one line or several: the value of the expression in its last line is that of the task;
            None if it ends in a statement, such as an assignment. Or a lambda without arguments, or an `ast` node.
        controller: The controller; None: the default one.
        **options: How it is to be run, as in `task_create_call`.
    Returns:
        The handle of the task; with a `key` that is known, of the one that has it.
    Raises:
        NameNotFound: If a name is found nowhere. It says where it was looked for. Nothing was written.
        InvalidExpression: If it is no Python. Nothing was written.
        NotSendable: If the value of a variable cannot be sent. Nothing was written.
        InvalidArgument, TaskNotFound, KeyTaken: As `task_create_call`.

    >>> import math
    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://expr") as q, rrq.worker_spawn(1):
    ...     sides = [3, 4]
    ...     rrq.task_create_expr("math.hypot(*sides)").result()
    5.0

    R: rrq_task_create_expr
    """
    connection = chosen(controller)
    checked = task_options(options, connection.queue_id)
    prepared = _prepared(connection, expr, sys._getframe(1), (), checked)
    id = submit_call(connection, prepared.encoder, (), prepared.variables, checked)
    return Task(id, connection.queue_id, connection)


@overload
def task_create_bulk_expr(
    expr: str | ast.AST, data: object, *, controller: Connection | None = None, **options: Unpack[OptionArguments]
) -> list[Task[Any]]: ...
@overload
def task_create_bulk_expr(
    expr: Callable[[], Coroutine[Any, Any, T]],
    data: object,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> list[Task[T]]: ...
@overload
def task_create_bulk_expr(
    expr: Callable[[], T], data: object, *, controller: Connection | None = None, **options: Unpack[OptionArguments]
) -> list[Task[T]]: ...
def task_create_bulk_expr(
    expr: str | ast.AST | Callable[[], T],
    data: object,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> list[Task[Any]]:
    """Submit an expression for each row of a table. The values of all other names are stored once.

    What interrupts it, once some tasks are in, carries their ids as its attribute `submitted` and says so in a note.

    Args:
        expr: An expression, as in `task_create_expr`.
        data: The table: a dict of equally long columns, its rows as dicts with the same keys, or a pandas, polars or
            pyarrow frame. The columns are names in the expression; they come before variables and globals.
        controller: The controller; None: the default one.
        **options: How each is to be run, as in `task_create_call`; there is no `key`, which names one task.
    Returns:
        The handles of the tasks, in the order of the rows.
    Raises:
        NameNotFound, InvalidExpression: As `task_create_expr`.
        NotSendable: If a value cannot be sent. Nothing of that portion was written.
        InvalidArgument: If the data is no table, or has no rows, or an option cannot be.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://bulk-expr") as q, rrq.worker_spawn(1):
    ...     factor = 10
    ...     tasks = rrq.task_create_bulk_expr("factor * a + b", {"a": [1, 2], "b": [3, 4]})
    ...     rrq.task_wait(tasks)
    ...     rrq.task_results(tasks)
    True
    [13, 24]

    R: rrq_task_create_bulk_expr
    """
    connection = chosen(controller)
    checked = task_options(options, connection.queue_id)
    check_for_many(checked)
    columns = table_of(data)
    prepared = _prepared(connection, expr, sys._getframe(1), columns, checked)
    used = [name for name in columns if name in prepared.reads]
    rows = ({**prepared.variables, **{name: row[name] for name in used}} for row in rows_of(columns))
    ids = submit_calls(connection, prepared.encoder, (((), row) for row in rows), checked)
    return [Task(id, connection.queue_id, connection) for id in ids]


@frozen(kw_only=True)
class _Prepared:
    """An expression that is ready to be submitted, its variables, and the names that it reads from outside."""

    encoder: CallEncoder
    variables: Mapping[str, object]
    reads: Collection[str]


def _prepared(
    connection: Connection, expr: object, caller: FrameType, given: Collection[str], options: TaskOptions
) -> _Prepared:
    read = read_expression(expr, class_around(caller), given)
    places = places_around(caller) if read.function is None else places_of_lambda(read.function)
    found = look_up(read, places, given, connection.by_value)
    expression = Expression(text=read.text, function=read.bare_function(), references=found.references, left=found.left)
    encoder = encoder_for(connection, expression, options)
    return _Prepared(encoder=encoder, variables=_stored(encoder, found), reads=read.needs.keys())


def _stored(encoder: CallEncoder, found: Found) -> Mapping[str, object]:
    """Make stored values of variables. One that the expression may do without is left out if it cannot be sent."""
    stored = {}
    for name, value in found.values.items():
        try:
            stored[name] = encoder.share(value, f"the variable {name!r} of the expression", always=True)
        except NotSendable:
            if name not in found.dispensable:
                raise
    return stored
