"""Configurations of workers, kept with the queue under a name."""

import math
from collections.abc import Sequence

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.errors import InvalidArgument
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import checked_name
from rrq_core.model.setting import worker_config_name


def worker_config(
    queue: str | Sequence[str] | None = None,
    verbose: bool = True,
    poll_queue: float = 5.0,
    timeout_idle: float = math.inf,
) -> WorkerConfig:
    """Describe how workers behave; `worker_config_save` keeps it under a name, by which workers are started.

    Args:
        queue: Queues to listen to, in order of priority; "default" is added last if it is not among them.
        verbose: Whether workers print their log.
        poll_queue: Seconds that an idle worker sleeps at most before it looks again by itself. It delays no task: a
            worker is woken for those.
        timeout_idle: Seconds without a task after which a worker exits; infinity: never.
    Raises:
        InvalidArgument: If one of them cannot be.

    R: rrq_worker_config
    """
    return WorkerConfig(queue=queue, verbose=verbose, poll_queue=poll_queue, timeout_idle=timeout_idle)


def worker_config_save(
    name: str, config: WorkerConfig, overwrite: bool = True, *, controller: Connection | None = None
) -> bool:
    """Keep a configuration under a name. Workers that are running do not change.

    Args:
        name: What to call it; "localhost" is the one that workers have if nothing is said.
        config: The configuration, made by `worker_config`.
        overwrite: Whether to replace one that has this name.
        controller: The controller; None: the default one.
    Returns:
        Whether it was saved.

    R: rrq_worker_config_save
    """
    setting = worker_config_name(checked_name(name, "name of a worker configuration"))
    _check_config(config)
    return chosen(controller).backend.settings.put(setting, config.to_json(), if_absent=not overwrite)


def _check_config(config: object) -> None:
    if not isinstance(config, WorkerConfig):
        raise InvalidArgument(f"config is what worker_config() returns, not {type(config).__name__}: {config!r:.60}")
