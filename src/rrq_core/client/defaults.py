"""Which controller a call means that names none."""

import threading
from contextvars import ContextVar

from rrq_core.client.connection import Connection, open_connections
from rrq_core.errors import InvalidArgument, NoDefaultController
from rrq_core.model.ids import QueueId

_blocks: ContextVar[tuple[Connection, ...]] = ContextVar("rrq_controllers", default=())


class _ProcessWide:
    """The controller of threads that are in no `with` block. `by_block`: a block lent it for as long as it runs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connection: Connection | None = None
        self.by_block = False


_process_wide = _ProcessWide()


def chosen(controller: Connection | None) -> Connection:
    """Give the controller that a call means: the one it names, else the default one.

    Raises:
        NoDefaultController: If it names none and there is no default.
        InvalidArgument: If what it names is no controller.
    """
    if isinstance(controller, Connection):
        return controller
    if controller is not None:
        raise InvalidArgument(f"controller= is what connect() returns, not {type(controller).__name__}: {controller!r}")
    default = find_default()
    if default is None:
        raise NoDefaultController(
            "this call needs a controller: pass controller=, or work inside `with rrq.connect(queue_id):`, "
            "or set one with rrq.default_controller_set(controller)"
        )
    return default


def find_default() -> Connection | None:
    """Give the controller of the innermost `with` block of this thread or async task, else the process-wide one."""
    blocks = _blocks.get()
    return blocks[-1] if blocks else _process_wide.connection


def set_process_wide(connection: Connection | None) -> Connection | None:
    """Set the process-wide controller; answer the one before."""
    with _process_wide.lock:
        previous, _process_wide.connection = _process_wide.connection, connection
        _process_wide.by_block = False
    return previous


def enter_block(connection: Connection) -> None:
    """Make a controller the default of this thread or async task, and process-wide where there is none."""
    _blocks.set((*_blocks.get(), connection))
    with _process_wide.lock:
        if _process_wide.connection is None:
            _process_wide.connection, _process_wide.by_block = connection, True


def leave_block(connection: Connection) -> None:
    """Take back what `enter_block` did."""
    blocks = list(_blocks.get())
    if connection in blocks:
        del blocks[len(blocks) - 1 - blocks[::-1].index(connection)]
        _blocks.set(tuple(blocks))
    with _process_wide.lock:
        if _process_wide.by_block and _process_wide.connection is connection:
            _process_wide.connection, _process_wide.by_block = None, False


def connection_to(queue_id: QueueId) -> Connection:
    """Find the controller for a handle that came from elsewhere, by its queue id.

    Raises:
        NoDefaultController: If this process has none for that queue, or several to choose from.
    """
    default = find_default()
    if default is not None and default.queue_id == queue_id:
        return default
    found = open_connections(queue_id)
    if len({connection.url for connection in found}) == 1:
        return found[0]
    what = f"{len(found)} controllers are" if found else "no controller is"
    raise NoDefaultController(
        f"{what} connected to the queue {queue_id!r} of this task in this process: "
        f"work inside `with rrq.connect({queue_id!r}, url):`"
    )
