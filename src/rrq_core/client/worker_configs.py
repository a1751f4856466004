"""Configurations of workers, kept with the queue under a name."""

import math
import os
from collections.abc import Sequence
from typing import Literal

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.flags import checked_flag
from rrq_core.client.seconds import checked_seconds
from rrq_core.errors import InvalidArgument
from rrq_core.model.config import WorkerConfig
from rrq_core.model.setting import worker_config_name
from rrq_core.worker.setup import config_names, read_config


def worker_config(
    queue: str | Sequence[str] | None = None,
    verbose: bool = True,
    logdir: str | os.PathLike[str] | None = None,
    poll_queue: float = 5.0,
    timeout_idle: float = math.inf,
    poll_process: float = 1.0,
    timeout_process_die: float = 2.0,
    heartbeat_period: float | None = 20.0,
    allow_eval: bool = True,
    process: Literal["fork", "fresh"] | None = None,
    log_max: int = 10_000,
) -> WorkerConfig:
    """Describe how workers behave; `worker_config_save` keeps it under a name, by which workers are started.

    Args:
        queue: Queues to listen to, in order of priority; "default" is added last if it is not among them.
        verbose: Whether workers print their log.
        logdir: A directory for what tasks print that run in processes of their own, in a file named by the task's id;
            workers make it if need be, and `task_log` reads it where it can. None: only the end of each is kept, with
            its task.
        poll_queue: Seconds that an idle worker sleeps at most before it looks again by itself. It delays no task: a
            worker is woken for those.
        timeout_idle: Seconds without a task after which a worker exits; infinity: never.
        poll_process: Seconds between two questions to the store whether a process that runs is still wanted. It delays
            no cancel: a worker is woken for that.
        timeout_process_die: Seconds that the process of a task has to end by itself when it is told to, or when its
            task is done; then it is killed.
        heartbeat_period: Seconds between two beats of a worker's heartbeat, by which it is found out that its machine
            is gone: after three of them. None: no heartbeat; whoever is gone without a word then counts as alive.
        allow_eval: Whether workers evaluate what an EVAL message asks them to.
        process: How the process of a task is made: "fork" of one that is ready, or "fresh", a new interpreter, which
            takes longer. None: fork where that is safe.
        log_max: Lines of its log that a worker keeps in the store.
    Raises:
        InvalidArgument: If one of them cannot be.

    R: rrq_worker_config
    """
    return WorkerConfig(
        queue=queue,
        verbose=verbose,
        logdir=None if logdir is None else _absolute(logdir),
        poll_queue=poll_queue,
        timeout_idle=timeout_idle,
        poll_process=poll_process,
        timeout_process_die=timeout_process_die,
        heartbeat_period=heartbeat_period,
        allow_eval=allow_eval,
        process=process,
        log_max=log_max,
    )


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
    Raises:
        InvalidArgument: If one of these cannot be. Nothing was written.

    R: rrq_worker_config_save
    """
    setting = worker_config_name(name)
    _check_config(config)
    if_absent = not checked_flag(overwrite, "overwrite")
    return chosen(controller).backend.settings.put(setting, config.to_json(), if_absent)


def worker_config_list(*, controller: Connection | None = None) -> list[str]:
    """List the names of the saved configurations, in order.

    Args:
        controller: The controller; None: the default one.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://configs"):
    ...     rrq.worker_config_save("patient", rrq.worker_config(timeout_idle=300))
    ...     rrq.worker_config_list()
    True
    ['localhost', 'patient']

    R: rrq_worker_config_list
    """
    return config_names(chosen(controller).backend.settings)


def worker_config_read(name: str, timeout: float = 0, *, controller: Connection | None = None) -> WorkerConfig:
    """Give a configuration that was saved.

    Args:
        name: Its name.
        timeout: Seconds to wait for it to be saved.
        controller: The controller; None: the default one.
    Raises:
        InvalidArgument: If there is none of this name; the error lists those that exist.

    R: rrq_worker_config_read
    """
    limit = checked_seconds(timeout, "timeout")
    return read_config(chosen(controller).backend, name, limit)


def _absolute(logdir: str | os.PathLike[str]) -> str:
    try:
        return os.path.abspath(os.fsdecode(logdir)) if os.fspath(logdir) else ""
    except TypeError as error:
        raise InvalidArgument(f"logdir is the path of a directory, or None, not {logdir!r:.60}") from error


def _check_config(config: object) -> None:
    if not isinstance(config, WorkerConfig):
        raise InvalidArgument(f"config is what worker_config() returns, not {type(config).__name__}: {config!r:.60}")
