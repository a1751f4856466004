"""The environment of workers: names that their tasks find beside their own."""

import inspect
import os
from collections.abc import Callable, Iterable

from rrq_core.client.commands import Order
from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.flags import checked_flag
from rrq_core.client.sending import send_to_present
from rrq_core.client.workers import worker_records
from rrq_core.errors import InvalidArgument, InvalidType
from rrq_core.model.setting import ENVIR
from rrq_core.payload import Create, encode_create
from rrq_core.worker.packages_and_sources import PackagesAndSources


def worker_envir_set(
    create: Callable[[dict[str, object]], object] | None,
    notify: bool = True,
    *,
    controller: Connection | None = None,
) -> None:
    """Set the function that makes the environment of the workers of a queue. A worker calls it when it starts.

    Args:
        create: Gets a dict, the globals of expressions, and puts names into it; `envir` makes one for the common case.
            It goes by name where workers can import it, else by value. None: workers have an empty environment.
        notify: Whether to tell the workers that are there to make theirs anew. They do so before their next task.
        controller: The controller; None: the default one.
    Raises:
        InvalidArgument: If it is no function of one argument.
        NotSendable: If it cannot be sent.

    >>> import rrq_core as rrq
    >>> def create(names):
    ...     names["rate"] = 3
    >>> with rrq.connect("docs", "memory://envir"), rrq.worker_spawn(worker_id_base="docs"):
    ...     rrq.worker_envir_set(create)
    ...     rrq.message_send_and_wait("EVAL", "rate + 1")
    {'docs_1': 4}

    R: rrq_worker_envir_set
    """
    connection = chosen(controller)
    checked_flag(notify, "notify")
    if create is None:
        connection.backend.settings.put(ENVIR, None)
    else:
        sent = encode_create(_checked_create(create), connection.queue_id, connection.by_value)
        connection.backend.settings.put(ENVIR, sent)
    if notify:
        refresh = Order.checked(connection.queue_id, "REFRESH")
        send_to_present(connection, refresh, [record.id for record in worker_records(connection, None)])


def envir(
    packages: str | Iterable[str] | None = None,
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
) -> Create:
    """Make a create function for `worker_envir_set` that imports packages and runs files of source.

    Args:
        packages: Names of packages or modules that workers can import. Their own names are bound, and what
            `from package import *` would bind; names that Python itself has, as `sum`, stay Python's.
        sources: Paths of Python files, which workers read and run when they start, and again at each REFRESH. A path
            that is not absolute is taken from the working directory here, where the file must be.
    Raises:
        InvalidArgument: If a name or path cannot be one.

    >>> envir(packages="math")
    PackagesAndSources(packages=('math',), sources=())

    R: rrq_envir
    """
    return PackagesAndSources(
        packages=tuple(_checked_package(name) for name in _several(packages, str)),
        sources=tuple(_checked_source(path) for path in _several(sources, (str, os.PathLike))),
    )


def _checked_create(create: object) -> Create:
    if not callable(create):
        raise InvalidType(
            f"create is a function that gets a dict and puts names into it, or None, not {type(create).__name__}: "
            f"{create!r:.60}"
        )
    if inspect.iscoroutinefunction(create):
        raise InvalidArgument(f"create is called, not awaited, so it cannot be a coroutine function: {create!r:.60}")
    try:
        inspect.signature(create).bind({})
    except TypeError as error:
        raise InvalidArgument(f"create is called with one argument, a dict, and {create!r:.60} cannot be") from error
    except ValueError:  # some functions in C do not tell
        return create
    return create


def _several(given: object, one: type | tuple[type, ...]) -> tuple[object, ...]:
    if given is None:
        return ()
    if isinstance(given, (one, bytes)) or not isinstance(given, Iterable):
        return (given,)
    return tuple(given)


def _checked_package(name: object) -> str:
    if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
        raise InvalidArgument(f"packages are names of what can be imported, as 'numpy' or 'os.path', not {name!r:.60}")
    return name


def _checked_source(path: object) -> str:
    if not isinstance(path, str | os.PathLike) or not isinstance(text := os.fspath(path), str) or not text:
        raise InvalidArgument(f"sources are paths of Python files, not {path!r:.60}")
    absolute = os.path.abspath(text)
    if not os.path.isabs(text) and not os.path.isfile(absolute):
        raise InvalidArgument(f"there is no file {absolute!r}; a source that only workers have needs an absolute path")
    return absolute
