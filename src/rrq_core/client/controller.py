"""Controllers: what people hold to work with a queue."""

import getpass
import json
import os
import socket
from collections.abc import Callable, Collection, Coroutine, Iterable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, Unpack, overload

from rrq_core.client import defaults, environment
from rrq_core.client.bound_options import BoundOptions
from rrq_core.client.connection import Choices, Connection
from rrq_core.client.create import create_call
from rrq_core.client.executor import QueueExecutor
from rrq_core.client.groups import TaskGroup
from rrq_core.client.html import controller_html
from rrq_core.client.named_group import map_calls
from rrq_core.client.objects import StoredObjects
from rrq_core.client.options import DEFAULT_OPTIONS, OptionArguments, task_options
from rrq_core.client.reference import task_id_of
from rrq_core.client.seconds import checked_seconds
from rrq_core.client.task import Task
from rrq_core.errors import GroupNotFound, InvalidArgument, SchemaMismatch
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import group_name
from rrq_core.model.ids import queue_id as checked_queue_id
from rrq_core.model.queue_configuration import PLAIN_CONFIGURATION, QueueConfiguration
from rrq_core.model.setting import QUEUE_CONFIGURATION, worker_config_name
from rrq_core.payload import modules_by_value
from rrq_core.payload.signing import keyring
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend

P = ParamSpec("P")
T = TypeVar("T")

SCHEMA = "rrq-core 1"


class Controller(Connection):
    """An open connection to one queue, made by `connect`.

    As a context manager it is the default controller inside its block, and is closed at the end of it. Threads may
    share it. A forked process may use it too, unless the queue lives in memory://.
    """

    def __enter__(self) -> Self:
        self._check_usable()
        defaults.enter_block(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        defaults.leave_block(self)
        self.close()

    def _repr_html_(self) -> str:
        return controller_html(self)

    # A coroutine function gives what its coroutine gives. A handle may stand for any argument, at any depth: hence the
    # ways that take any, the last of which mypy takes for useless.
    @overload
    def submit(self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs) -> Task[T]: ...
    @overload
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Task[T]: ...
    @overload
    def submit(self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: object, **kwargs: object) -> Task[T]: ...
    @overload
    def submit(  # type: ignore[overload-cannot-match]
        self, fn: Callable[..., T], /, *args: object, **kwargs: object
    ) -> Task[T]: ...
    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Task[Any]:
        """Submit a call; see `task_create_call`.

        >>> import rrq_core as rrq
        >>> with rrq.connect("docs", "memory://submit") as q, rrq.worker_spawn(1):
        ...     q.submit(pow, 2, 10).result()
        1024
        """
        return create_call(self, fn, args, kwargs, DEFAULT_OPTIONS)

    @overload
    def map(
        self,
        fn: Callable[..., Coroutine[Any, Any, T]],
        *iterables: Iterable[object],
        name: str | None = None,
        keep: bool = True,
    ) -> TaskGroup[T]: ...
    @overload
    def map(
        self, fn: Callable[..., T], *iterables: Iterable[object], name: str | None = None, keep: bool = True
    ) -> TaskGroup[T]: ...
    def map(
        self, fn: Callable[..., Any], *iterables: Iterable[object], name: str | None = None, keep: bool = True
    ) -> TaskGroup[Any]:
        """Submit a call for each tuple of the zipped iterables, as `map` calls; see `task_create_bulk_call`.

        Args:
            fn: Any callable.
            *iterables: Arguments, one iterable for each parameter; the shortest ends it.
            name: A name for the group, by which it is found again. The same name, function name and arguments again
                submit only the calls that are new, and give all. A warning says how many of those that are there ran
                another version of the function; `retry` of the group runs those that failed with this one.
            keep: Whether tasks stay once the group has handed out their results.
        Raises:
            InvalidArgument: If there is nothing to call it with.

        >>> import rrq_core as rrq
        >>> with rrq.connect("docs", "memory://map") as q, rrq.worker_spawn(2):
        ...     q.map(divmod, [7, 8], [3, 3]).results()
        [(2, 1), (2, 2)]
        """
        return map_calls(self, fn, iterables, DEFAULT_OPTIONS, name, keep)

    def group(self, name: str) -> TaskGroup[object]:
        """Find a named group again: its tasks in the order in which they were submitted.

        Raises:
            GroupNotFound: If nothing was submitted under that name, or all of it was deleted.
        """
        tasks = self.backend.queue.group(group_name(name))
        if not tasks:
            raise GroupNotFound(
                f"the queue {self.queue_id!r} has no group {name!r}: map(..., name={name!r}) makes it, and it goes "
                "with the last of its tasks"
            )
        return TaskGroup((Task(task, self.queue_id, self) for task in tasks), self)

    def options(self, **options: Unpack[OptionArguments]) -> BoundOptions:
        """Give `submit` and `map` with options; see `task_create_call` for what there is.

        Raises:
            InvalidArgument: If one is unknown or cannot be.
        """
        return BoundOptions(self, task_options(options, self.queue_id))

    @property
    def objects(self) -> StoredObjects:
        """The stored values of this queue; see `ObjectStore`."""
        return StoredObjects(self.backend.objects, self.values, self.queue_id)

    def executor(self, **options: Unpack[OptionArguments]) -> QueueExecutor:
        """Give an executor as `concurrent.futures` has them, whose calls are tasks.

        Args:
            **options: How each is to be run; see `task_create_call`.
        Raises:
            InvalidArgument: If an option is unknown or cannot be.

        >>> import rrq_core as rrq
        >>> with rrq.connect("docs", "memory://executor") as q, rrq.worker_spawn(1), q.executor() as executor:
        ...     list(executor.map(pow, [1, 2, 3], [2, 2, 2]))
        [1, 4, 9]
        """
        return QueueExecutor(self, task_options(options, self.queue_id))

    def task(self, id: str) -> Task[object]:
        """Make the handle of a task of this queue; whether it exists is not looked up."""
        return Task(task_id_of(id, self.queue_id), self.queue_id, self)


def connect(
    queue_id: str,
    url: str | None = None,
    *,
    timeout_task_wait: float | None = None,
    follow: bool | None = None,
    check_version: bool = True,
    by_value: Collection[str] = (),
) -> Controller:
    """Connect to a queue. It comes into being with the first controller that does.

    Args:
        queue_id: What the queue is called: 1 to 200 printable characters.
        url: Where it is: redis://, unix://, embedded:// or memory://. None: $RRQ_URL, $REDIS_URL, or embedded://, a
            server of your own that is started when needed.
        timeout_task_wait: Seconds that a wait for tasks takes at most; None: $RRQ_TIMEOUT_TASK_WAIT, or for ever.
        follow: Whether to go on from a task that was retried to the one in its place; None: $RRQ_FOLLOW, or yes.
        check_version: Whether to refuse a queue that another version has laid out.
        by_value: Names of modules that workers do not have: their functions are sent whole.
    Raises:
        InvalidArgument: If the queue id or a choice cannot be.
        UnknownScheme: If nothing serves the URL's scheme.
        BackendError: If the server cannot be reached or refuses us.
        SchemaMismatch: If another version has laid out the queue.

    R: rrq_controller
    """
    name = checked_queue_id(queue_id)
    choices = _choices(timeout_task_wait, follow, by_value)
    keyring()  # that a key is too short is said here, not at some task
    backend = open_backend(environment.url_or_default(url), name)
    try:
        configuration = _introduce(backend, check_version)
    except BaseException:
        backend.close()
        raise
    return Controller(backend, choices, configuration)


def default_controller_set(controller: Controller | None) -> Controller | None:
    """Set the controller that calls use which name none, in all threads; None clears it.

    Inside `with connect(...):` the controller of the block comes first.

    Returns:
        The one before.

    R: rrq_default_controller_set
    """
    _check_controller(controller)
    previous = defaults.set_process_wide(controller)
    return previous if isinstance(previous, Controller) else None


def default_controller_clear() -> Controller | None:
    """Clear the default controller; see `default_controller_set`.

    Returns:
        The one before.

    R: rrq_default_controller_clear
    """
    return default_controller_set(None)


def _check_controller(controller: object) -> None:
    if controller is not None and not isinstance(controller, Controller):
        raise InvalidArgument(f"a controller is what connect() returns, not {type(controller).__name__}")


def _choices(timeout_task_wait: float | None, follow: object, by_value: Collection[str]) -> Choices:
    if follow is not None and not isinstance(follow, bool):
        raise InvalidArgument(f"follow is True, False or None, not {follow!r}")
    limit = None if timeout_task_wait is None else checked_seconds(timeout_task_wait, "timeout_task_wait")
    return Choices(timeout_task_wait=limit, follow=follow, by_value=tuple(modules_by_value(by_value)))


def _introduce(backend: Backend, check_version: bool) -> QueueConfiguration:
    """Enter this controller at the queue, and write what is set there from the start; give what is configured."""
    connected = backend.settings.connect(
        SCHEMA,
        json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "user": _user()}).encode(),
        {QUEUE_CONFIGURATION: PLAIN_CONFIGURATION.to_json(), worker_config_name("localhost"): WorkerConfig().to_json()},
    )
    if check_version and connected.schema != SCHEMA:
        raise SchemaMismatch(
            f"the queue {backend.queue_id!r} is laid out as {connected.schema!r}, this version knows {SCHEMA!r}: use "
            "the version that made it, or another queue id; check_version=False goes on, and may corrupt it"
        )
    return QueueConfiguration.from_json(connected.configuration)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user whom nobody has named
        return str(os.getuid())
