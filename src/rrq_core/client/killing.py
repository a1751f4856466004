"""Ending workers at once, by SIGKILL: through their heartbeats, or here."""

import os
import signal
import socket
from collections.abc import Callable, Sequence

from rrq_core.client.connection import Connection
from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import WorkerId
from rrq_core.model.worker import WorkerInfo, WorkerRecord
from rrq_core.worker.info import boot_id, process_start


def kill_by_heartbeat(connection: Connection, workers: Sequence[WorkerRecord]) -> list[WorkerId]:
    """Have the heartbeats of workers kill them, wherever they run.

    Returns:
        All of them.
    Raises:
        InvalidArgument: If one has no heartbeat, or all are threads. None was killed.
    """
    _check_processes(connection)
    keys = {record.id: None if record.info is None else record.info.heartbeat_key for record in workers}
    silent = sorted(worker for worker, key in keys.items() if key is None)
    if silent:
        raise InvalidArgument(
            f"workers without a heartbeat cannot be killed through it: {', '.join(silent)}; type='kill_local' kills "
            "those of this host, and worker_config(heartbeat_period=...) gives workers one"
        )
    for key in keys.values():
        if key is not None:
            connection.backend.heartbeat.signal(key, signal.SIGKILL)
    return list(keys)


def kill_here(connection: Connection, workers: Sequence[WorkerRecord]) -> list[WorkerId]:
    """Kill workers that are processes of this host.

    Returns:
        Those that it killed; one whose process has ended already is not among them.
    Raises:
        InvalidArgument: If one runs on another host, did before the last boot, is this process or somebody else's, or
            all are threads. None was killed, unless the system refused.
    """
    _check_processes(connection)
    infos = {record.id: _local(record) for record in workers}
    return [worker for worker, info in infos.items() if _kill(worker, info)]


def is_running_here(info: WorkerInfo | None) -> bool:
    """Tell whether a worker's process is known to run on this host."""
    return (
        info is not None
        and info.host == socket.gethostname()
        and info.boot_id == boot_id()
        and process_start(info.pid) == info.process_start
    )


def _check_processes(connection: Connection) -> None:
    if not connection.backend.shared:
        raise InvalidArgument(
            f"workers of {connection.url} are threads of this process, and a thread cannot be killed; type='message' "
            "stops each when its task has ended"
        )


def _local(record: WorkerRecord) -> WorkerInfo:
    """Give what a worker tells of itself, if it is a process of this host, and another than this one."""
    info, here = record.info, socket.gethostname()
    if info is None:
        raise InvalidArgument(f"worker {record.id!r} has not said where it runs, so nothing was killed")
    if info.host != here:
        raise InvalidArgument(
            f"worker {record.id!r} runs on {info.host!r}, and this is {here!r}: type='kill_local' reaches processes of "
            "this host alone; type='kill' reaches others, if they have a heartbeat"
        )
    if info.boot_id != boot_id():
        raise InvalidArgument(
            f"worker {record.id!r} ran on {here!r} before its last boot, or in another machine of that name: nothing "
            "was killed; worker_detect_exited() finds those that are gone"
        )
    if info.pid == os.getpid() and process_start(info.pid) == info.process_start:
        raise InvalidArgument(f"worker {record.id!r} is this process, which would kill itself: nothing was killed")
    return info


def _kill(worker: WorkerId, info: WorkerInfo) -> bool:
    """Kill a process, and no other that has its number by now; whether it was there."""
    if not hasattr(os, "pidfd_open"):
        return _signal(worker, info, lambda: os.kill(info.pid, signal.SIGKILL))
    try:
        process = os.pidfd_open(info.pid)
    except ProcessLookupError:
        return False
    try:
        return _signal(worker, info, lambda: signal.pidfd_send_signal(process, signal.SIGKILL))
    finally:
        os.close(process)


def _signal(worker: WorkerId, info: WorkerInfo, send: Callable[[], None]) -> bool:
    if process_start(info.pid) != info.process_start:
        return False
    try:
        send()
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise InvalidArgument(
            f"worker {worker!r} is process {info.pid} of {info.username!r}, which this user has no right to kill; "
            "type='kill' goes through its heartbeat"
        ) from error
    return True
