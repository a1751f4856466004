"""Making tasks of calls: one, or many at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, Unpack

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.options import OptionArguments, task_options
from rrq_core.client.submit import Arguments, encoder_for, submit_call, submit_calls
from rrq_core.client.table import calls_of, keywords_of
from rrq_core.client.task import Task
from rrq_core.errors import InvalidArgument

T = TypeVar("T")


def task_create_call(
    fn: Callable[..., T],
    args: Sequence[object] = (),
    kwargs: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> Task[T]:
    """Submit a call.

    Args:
        fn: Any callable. One that workers can import is sent by its name; a lambda, a closure or a function of your
            script or notebook is sent whole.
        args: Positional arguments.
        kwargs: Keyword arguments.
        controller: The controller; None: the default one.
        **options: `queue`: the queue that it waits in, "default" if nothing is said.
    Returns:
        The handle of the task.
    Raises:
        NotSendable: If the function or an argument cannot be sent. Nothing was written.
        InvalidArgument: If `fn` is no callable, arguments are no sequence and dict, or an option cannot be.

    R: rrq_task_create_call
    """
    connection = chosen(controller)
    checked = task_options(options)
    encoder = encoder_for(connection, fn)
    id = submit_call(connection, encoder, _positional(args), keywords_of(kwargs, "kwargs"), checked)
    return Task(id, connection.queue_id, connection)


def task_create_bulk_call(
    fn: Callable[..., T],
    data: object,
    args: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> list[Task[T]]:
    """Submit many calls of one function, which is pickled once. Long data is taken in portions.

    What interrupts it, once some tasks are in, carries their ids as its attribute `submitted` and says so in a note.

    Args:
        fn: Any callable, as in `task_create_call`.
        data: A table, each row of which is a call by keyword: a dict of equally long columns, or a pandas, polars or
            pyarrow frame. Or any other iterable, each element of which is the first argument of a call.
        args: Keywords that all calls share.
        controller: The controller; None: the default one.
        **options: `queue`: the queue that they wait in, "default" if nothing is said.
    Returns:
        The handles of the tasks, in the order of the data.
    Raises:
        NotSendable: If the function or an argument cannot be sent. Nothing of that portion was written.
        InvalidArgument: If there is no data, it is no table though it looks like one, or an option cannot be.

    R: rrq_task_create_bulk_call
    """
    connection = chosen(controller)
    checked = task_options(options)
    keywords = keywords_of(args, "args")
    encoder = encoder_for(connection, fn)
    shared = {name: encoder.share(value, f"argument {name!r} of {encoder.name}") for name, value in keywords.items()}
    ids = submit_calls(connection, encoder, calls_of(data, shared), checked)
    return [Task(id, connection.queue_id, connection) for id in ids]


def submit_map(
    connection: Connection, fn: Callable[..., T], iterables: Sequence[Iterable[object]], options: OptionArguments
) -> list[Task[T]]:
    """Submit a call for each tuple of the zipped iterables, as `map` makes them.

    Raises:
        NotSendable, InvalidArgument: As `task_create_bulk_call`.
    """
    for place, iterable in enumerate(iterables, start=1):
        _check_iterable(iterable, place)
    if not iterables:
        raise InvalidArgument("map needs at least one iterable of arguments: q.map(f, [1, 2, 3])")
    checked = task_options(options)
    calls: Iterator[Arguments] = ((arguments, {}) for arguments in zip(*iterables, strict=False))
    ids = submit_calls(connection, encoder_for(connection, fn), calls, checked)
    return [Task(id, connection.queue_id, connection) for id in ids]


def _check_iterable(iterable: object, place: int) -> None:
    if not isinstance(iterable, Iterable):
        raise InvalidArgument(f"iterable {place} of map is none, but {type(iterable).__name__}: {iterable!r:.60}")


def _positional(args: object) -> Sequence[object]:
    if not isinstance(args, Sequence) or isinstance(args, str | bytes):
        raise InvalidArgument(f"args is a list or tuple of arguments, as in args=[1, 2], not {args!r:.60}")
    return args
