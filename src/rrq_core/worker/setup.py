"""What a worker is started with: its queue, its id, and the configuration that it goes by."""

import secrets
import socket
import time

from attrs import field, frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import QueueId, WorkerId
from rrq_core.model.setting import SettingKind, worker_config_name
from rrq_core.ports import Backend, Settings

_TIME_POLL = 1.0


@frozen(kw_only=True)
class WorkerSetup:
    """All that makes one worker differ from another.

    Args:
        queue_id: The queue that it works for.
        url: What opens the queue's backend.
        worker_id: What it is called; see `new_worker_id`.
        config_name: The name under which its configuration is stored.
        config: That configuration; see `read_config`.
        process_log: The path of the file that takes what its process prints, None where there is none.
        exit_when_lost: Whether it ends when it was declared lost, for a supervisor to start another; else it registers
            again.
        instance: What no other worker has, not even one that is started anew under the same id.
    """

    queue_id: QueueId
    url: str
    worker_id: WorkerId
    config_name: str
    config: WorkerConfig
    process_log: str | None = None
    exit_when_lost: bool = False
    instance: str = field(factory=lambda: secrets.token_hex(8), init=False)


def new_worker_id() -> WorkerId:
    """Make a random worker id: the short name of this host, a hyphen, and 6 hexadecimal digits."""
    host = socket.gethostname().partition(".")[0]
    return WorkerId(f"{host or 'worker'}-{secrets.token_hex(3)}")


def read_config(backend: Backend, name: str, timeout: float = 0.0) -> WorkerConfig:
    """Read a worker configuration of a queue.

    Args:
        backend: The queue.
        name: The name that it was saved under; `localhost` is there as soon as somebody has connected to the queue.
        timeout: Seconds to wait for it to be saved; it is looked for once a second.
    Raises:
        InvalidName: If this can be no name.
        InvalidArgument: If there is none of this name; the error lists those that exist.

    R: rrq_worker_config_read
    """
    setting = worker_config_name(name)
    deadline = time.monotonic() + timeout
    while (stored := backend.settings.get(setting)) is None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise InvalidArgument(_no_config(backend, name))
        time.sleep(min(_TIME_POLL, left))
    return WorkerConfig.from_json(stored)


def _no_config(backend: Backend, name: str) -> str:
    existing = config_names(backend.settings)
    missing = f"the queue {backend.queue_id!r} has no worker configuration {name!r}"
    if not existing:
        return f"{missing}, nor any other: is this the right queue id and URL? A queue is made by connect()"
    return f"{missing}; save it with worker_config_save(), or choose from: {', '.join(map(repr, existing))}"


def config_names(settings: Settings) -> list[str]:
    """List the names of a queue's worker configurations, in order."""
    return sorted(setting.name for setting in settings.names(SettingKind.WORKER_CONFIG))
