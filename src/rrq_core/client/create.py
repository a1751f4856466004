"""Making tasks of calls: one, or many at once."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, Unpack, overload

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.options import OptionArguments, TaskOptions, check_for_many, task_options
from rrq_core.client.submit import Arguments, encoder_for, submit_call, submit_calls
from rrq_core.client.table import calls_of, keywords_of
from rrq_core.client.task import Task
from rrq_core.errors import InvalidArgument, InvalidType

T = TypeVar("T")


# A coroutine function gives what its coroutine gives, which is awaited by the worker.
@overload
def task_create_call(
    fn: Callable[..., Coroutine[Any, Any, T]],
    args: Sequence[object] = (),
    kwargs: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> Task[T]: ...
@overload
def task_create_call(
    fn: Callable[..., T],
    args: Sequence[object] = (),
    kwargs: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> Task[T]: ...
def task_create_call(
    fn: Callable[..., Any],
    args: Sequence[object] = (),
    kwargs: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> Task[Any]:
    """Submit a call.

    Args:
        fn: Any callable. One that workers can import is sent by its name; a lambda, a closure or a function of your
            script or notebook is sent whole.
        args: Positional arguments.
        kwargs: Keyword arguments.
        controller: The controller; None: the default one.
        **options: How it is to be run:
            `queue`: the queue that it waits in; None: "default". `front`: whether it goes to the front of it.
            `depends_on`: one task or several, as handles or ids, that must be COMPLETE first; if one fails, or has
            failed, this is IMPOSSIBLE. `delay`: seconds before it may start.
            `retries`: how many times it is tried again after an error, under the same id; 0. `retry_on`: the kinds of
            errors that count, a class or several; Exception. `retry_delay`: seconds between attempts, or
            `exponential(first, limit)`; 0.
            `on_lost`: what becomes of it when its worker is lost: "died" (None), or "requeue", until `max_attempts`, 3,
            attempts were lost.
            `key`: a name for this call: the same key again gives the same task. `result_ttl`: seconds after its end
            until all of it is deleted; None: it is kept.
            `separate_process`: whether it runs in a process of its own; False. These need it: `timeout_task_run`:
            seconds that it may take. `memory`: bytes that it may use, or a text such as "8 GB". `env`: a dict of
            environment variables.
    Returns:
        The handle of the task; with a `key` that is known, of the one that has it.
    Raises:
        NotSendable: If the function or an argument cannot be sent. Nothing was written.
        InvalidArgument: If `fn` is no callable, arguments are no sequence and dict, or an option cannot be.
        TaskNotFound: If it depends on a task that is unknown. Nothing was written.
        KeyTaken: If another function, or other plain arguments, have that key. Nothing was written.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://create") as q, rrq.worker_spawn(1):
    ...     square = rrq.task_create_call(pow, [3, 2])
    ...     rrq.task_create_call(sum, [[square, 1]], retries=2, retry_on=OSError).result()
    10

    R: rrq_task_create_call
    """
    connection = chosen(controller)
    arguments, keywords = _positional(args), keywords_of(kwargs, "kwargs")
    return create_call(connection, fn, arguments, keywords, task_options(options, connection.queue_id))


def create_call(
    connection: Connection,
    fn: Callable[..., T],
    args: Sequence[object],
    kwargs: Mapping[str, object],
    options: TaskOptions,
) -> Task[T]:
    """Submit a call with arguments and options that were checked.

    Raises:
        NotSendable, InvalidArgument, TaskNotFound, KeyTaken: As `task_create_call`.
    """
    encoder = encoder_for(connection, fn, options)
    id = submit_call(connection, encoder, args, kwargs, options)
    return Task(id, connection.queue_id, connection)


@overload
def task_create_bulk_call(
    fn: Callable[..., Coroutine[Any, Any, T]],
    data: object,
    args: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> list[Task[T]]: ...
@overload
def task_create_bulk_call(
    fn: Callable[..., T],
    data: object,
    args: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> list[Task[T]]: ...
def task_create_bulk_call(
    fn: Callable[..., Any],
    data: object,
    args: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
    **options: Unpack[OptionArguments],
) -> list[Task[Any]]:
    """Submit many calls of one function, which is pickled once. Long data is taken in portions.

    What interrupts it, once some tasks are in, carries their ids as its attribute `submitted` and says so in a note.

    Args:
        fn: Any callable, as in `task_create_call`.
        data: A table, each row of which is a call by keyword: a dict of equally long columns, or a pandas, polars or
            pyarrow frame. Or any other iterable, each element of which is the first argument of a call.
        args: Keywords that all calls share.
        controller: The controller; None: the default one.
        **options: How each is to be run, as in `task_create_call`; there is no `key`, which names one task.
    Returns:
        The handles of the tasks, in the order of the data.
    Raises:
        NotSendable: If the function or an argument cannot be sent. Nothing of that portion was written.
        InvalidArgument: If there is no data, it is no table though it looks like one, or an option cannot be.
        TaskNotFound: If they depend on a task that is unknown.

    R: rrq_task_create_bulk_call
    """
    connection = chosen(controller)
    checked = task_options(options, connection.queue_id)
    check_for_many(checked)
    keywords = keywords_of(args, "args")
    encoder = encoder_for(connection, fn, checked)
    shared = {name: encoder.share(value, f"argument {name!r} of {encoder.name}") for name, value in keywords.items()}
    ids = submit_calls(connection, encoder, calls_of(data, shared), checked)
    return [Task(id, connection.queue_id, connection) for id in ids]


def submit_map(
    connection: Connection,
    fn: Callable[..., T],
    iterables: Sequence[Iterable[object]],
    options: TaskOptions,
) -> list[Task[T]]:
    """Submit a call for each tuple of the zipped iterables, as `map` makes them, with options that were checked.

    Args:
        connection: Where to.
        fn: Any callable.
        iterables: Arguments, one iterable for each parameter.
        options: How each is to be run.
    Raises:
        NotSendable, InvalidArgument: As `task_create_bulk_call`.
    """
    calls = mapped_calls(iterables, options)
    ids = submit_calls(connection, encoder_for(connection, fn, options), calls, options)
    return [Task(id, connection.queue_id, connection) for id in ids]


def mapped_calls(iterables: Sequence[Iterable[object]], options: TaskOptions) -> Iterator[Arguments]:
    """Give the arguments of the calls that `map` makes.

    Raises:
        InvalidArgument: If there is nothing to go through, or the options are those of one task.
    """
    check_for_many(options)
    for place, iterable in enumerate(iterables, start=1):
        _check_iterable(iterable, place)
    if not iterables:
        raise InvalidArgument("map needs at least one iterable of arguments: q.map(f, [1, 2, 3])")
    return ((arguments, {}) for arguments in zip(*iterables, strict=False))


def _check_iterable(iterable: object, place: int) -> None:
    if not isinstance(iterable, Iterable):
        raise InvalidType(f"iterable {place} of map is none, but {type(iterable).__name__}: {iterable!r:.60}")


def _positional(args: object) -> Sequence[object]:
    if not isinstance(args, Sequence) or isinstance(args, str | bytes):
        raise InvalidType(f"args is a list or tuple of arguments, as in args=[1, 2], not {args!r:.60}")
    return args
