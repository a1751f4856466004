"""Starting workers here: processes of their own or, where no other process can reach the queue, threads."""

import os
from pathlib import Path

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.process_worker import ProcessWorker
from rrq_core.client.scratch import scratch_directory
from rrq_core.client.seconds import checked_period, checked_seconds
from rrq_core.client.started import StartedWorker
from rrq_core.client.thread_worker import ThreadWorker
from rrq_core.client.worker_manager import WorkerManager
from rrq_core.client.workers import ACTIVE
from rrq_core.errors import InvalidArgument, WorkerIdTaken
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import WorkerId
from rrq_core.model.ids import worker_id as checked_worker_id
from rrq_core.worker import WorkerSetup, new_worker_id, read_config


def worker_spawn(
    n: int = 1,
    logdir: str | os.PathLike[str] | None = None,
    timeout: float = 600,
    name_config: str = "localhost",
    worker_id_base: str | None = None,
    time_poll: float = 0.2,
    progress: bool | None = None,
    *,
    controller: Connection | None = None,
) -> WorkerManager:
    """Start workers on this machine. They outlive this process, unless `with` stops them.

    Each is a process in a session of its own, which imports what can be imported here; for a memory:// queue it is a
    thread.

    Args:
        n: How many.
        logdir: A directory for what each prints, in a file named by its id; it is made if need be. None: one that goes
            with this process.
        timeout: Seconds to wait until all have come up; 0: they are not waited for, see `WorkerManager.wait_alive`.
        name_config: The name of their configuration, as it was given to `worker_config_save`.
        worker_id_base: What their ids begin with: BASE_1, BASE_2 ...; None: something random.
        time_poll: Seconds between two looks.
        progress: Whether to show a bar; None: $RRQ_PROGRESS, or where standard error is a terminal or a notebook.
        controller: The controller; None: the default one.
    Returns:
        A `WorkerManager`: a context manager that stops its workers.
    Raises:
        InvalidArgument: If there is no such configuration, the directory cannot be written, or the ids cannot be.
        WorkerIdTaken: If a worker of such an id is alive. None was started.
        WorkerTimeout: If one has not come up in time, or has failed. All were stopped.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://spawn"), rrq.worker_spawn(2, worker_id_base="docs") as workers:
    ...     rrq.worker_list()
    ['docs_1', 'docs_2']

    R: rrq_worker_spawn
    """
    connection = chosen(controller)
    limit, period = checked_seconds(timeout, "timeout"), checked_period(time_poll, "time_poll")
    ids = _new_ids(connection, n, worker_id_base)
    config = read_config(connection.backend, name_config)
    directory = scratch_directory() if logdir is None else _log_directory(logdir)
    manager = WorkerManager(connection)
    try:
        for id in ids:
            manager.add(_start(connection, id, name_config, config, directory))
        if limit:
            manager.wait_alive(limit, period, progress)
    except BaseException:
        manager.stop_now()
        raise
    return manager


def _start(connection: Connection, id: WorkerId, name: str, config: WorkerConfig, directory: Path) -> StartedWorker:
    log = directory / id
    setup = WorkerSetup(
        queue_id=connection.queue_id,
        url=connection.url,
        worker_id=id,
        config_name=name,
        config=config,
        process_log=str(log),
    )
    _check_writable(log)
    return ProcessWorker(setup, log) if connection.backend.shared else ThreadWorker(setup, log)


def _check_writable(log: Path) -> None:
    try:
        log.open("ab").close()
    except OSError as error:
        raise InvalidArgument(f"the log of a worker cannot be written to {str(log)!r}: {error}") from error


def _new_ids(connection: Connection, n: object, base: str | None) -> list[WorkerId]:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InvalidArgument(f"n is how many workers to start, 1 or more, not {n!r}")
    stem = new_worker_id() if base is None else checked_worker_id(base)
    if "/" in stem:
        raise InvalidArgument(f"worker_id_base names files of logs, so there is no / in it: {stem!r}")
    ids = [checked_worker_id(f"{stem}_{number}") for number in range(1, n + 1)]
    alive = connection.backend.workers.read(ids, ACTIVE)
    if alive:
        raise WorkerIdTaken(alive[0].id, "choose another worker_id_base, or stop that one first")
    return ids


def _log_directory(logdir: str | os.PathLike[str]) -> Path:
    try:
        path = Path(logdir).absolute()
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, TypeError) as error:
        raise InvalidArgument(f"logdir cannot be a directory for logs: {error}") from error
    return path
