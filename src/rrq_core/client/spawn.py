"""Starting workers: processes here or elsewhere or, where no other process can reach the queue, threads."""

import os
from collections.abc import Mapping
from pathlib import Path

from rrq_core.client.connection import Connection
from rrq_core.client.crew import Crew
from rrq_core.client.defaults import chosen
from rrq_core.client.launched_workers import Launch, LaunchedWorkers
from rrq_core.client.scratch import scratch_directory
from rrq_core.client.seconds import checked_period, checked_seconds
from rrq_core.client.started import StartedWorkers
from rrq_core.client.thread_workers import ThreadWorkers
from rrq_core.client.worker_manager import WorkerManager
from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import worker_id as checked_worker_id
from rrq_core.plugins import open_launcher
from rrq_core.ports import Launcher
from rrq_core.worker import new_worker_id, read_config

_SHARED_LOGS = "rrq-logs"  # in the working directory, which machines of a cluster mostly share


def worker_spawn(
    n: int = 1,
    logdir: str | os.PathLike[str] | None = None,
    timeout: float = 600,
    name_config: str = "localhost",
    worker_id_base: str | None = None,
    time_poll: float = 0.2,
    progress: bool | None = None,
    launcher: str = "local",
    launcher_options: Mapping[str, object] | None = None,
    *,
    controller: Connection | None = None,
) -> WorkerManager:
    """Start workers, here or on a cluster. They outlive this process, unless `with` stops them.

    Each is a process that imports what can be imported here, in a session of its own; for a memory:// queue it is a
    thread of this process.

    Args:
        n: How many.
        logdir: A directory for what each prints, in a file named by its id; it is made if need be. None: one that goes
            with this process or, where the workers do not run here, `rrq-logs` in the working directory.
        timeout: Seconds to wait until all have come up; 0: they are not waited for, see `WorkerManager.wait_alive`.
        name_config: The name of their configuration, as it was given to `worker_config_save`.
        worker_id_base: What their ids begin with: BASE_1, BASE_2 ...; None: something random.
        time_poll: Seconds between two looks.
        progress: Whether to show a bar; None: $RRQ_PROGRESS, or where standard error is a terminal or a notebook.
        launcher: What starts them: "local", "slurm", or the name that a plugin gave to its launcher.
        launcher_options: Options for the launcher, by name; "slurm" takes those of `sbatch`, "local" none.
        controller: The controller; None: the default one.
    Returns:
        A `WorkerManager`: a context manager that stops its workers.
    Raises:
        InvalidArgument: If there is no such configuration or launcher, the directory cannot be written, or the ids or
            options cannot be. None was started.
        WorkerIdTaken: If a worker of such an id is alive. None was started.
        LaunchFailed: If the place does not start them. None was started.
        WorkerTimeout: If one has not come up in time, or has failed. All were stopped.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://spawn"), rrq.worker_spawn(2, worker_id_base="docs") as workers:
    ...     rrq.worker_list()
    ['docs_1', 'docs_2']

    R: rrq_worker_spawn
    """
    connection = chosen(controller)
    limit, period = checked_seconds(timeout, "timeout"), checked_period(time_poll, "time_poll")
    opened = _opened(connection, launcher, launcher_options)
    crew = _crew(connection, n, worker_id_base, name_config, _directory(logdir, launcher))
    manager = WorkerManager(connection, _start(crew, opened, launcher_options or {}))
    try:
        if limit:
            manager.wait_alive(limit, period, progress)
    except BaseException:
        manager.stop_now()
        raise
    return manager


def _crew(connection: Connection, n: object, base: str | None, name_config: str, directory: Path) -> Crew:
    crew = Crew(
        connection=connection,
        base=new_worker_id() if base is None else checked_worker_id(base),
        n=_checked_count(n),
        config_name=name_config,
        config=read_config(connection.backend, name_config),
        directory=directory,
    )
    crew.check()
    return crew


def _opened(connection: Connection, launcher: str, options: object) -> Launcher | None:
    """Open the launcher, None where the workers are threads."""
    _check_options(options)
    if connection.backend.shared:
        return open_launcher(launcher)
    if launcher == "local" and not options:
        return None
    raise InvalidArgument(
        f"workers of {connection.url} are threads of this process, which no launcher starts, and there are no options "
        "for them: leave launcher and launcher_options out, or connect to embedded:// or redis://"
    )


def _start(crew: Crew, launcher: Launcher | None, options: Mapping[str, object]) -> StartedWorkers:
    if launcher is None:
        return ThreadWorkers(crew.setups())
    launch = Launch(command=crew.command(), env=crew.env(), options=options)
    return LaunchedWorkers(launcher, launch, crew.logs(), crew.connection)


def _checked_count(n: object) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InvalidArgument(f"n is how many workers to start, 1 or more, not {n!r}")
    return n


def _check_options(options: object) -> None:
    if options is not None and not (isinstance(options, Mapping) and all(isinstance(name, str) for name in options)):
        raise InvalidArgument(f"launcher_options is a dict of options by name, or None, not {options!r}")


def _directory(logdir: object, launcher: str) -> Path:
    if logdir is None:
        return scratch_directory() if launcher == "local" else Path(_SHARED_LOGS).absolute()
    if not isinstance(logdir, str | os.PathLike):
        raise InvalidArgument(f"logdir is the path of a directory, or None, not {logdir!r}")
    return Path(logdir).absolute()
