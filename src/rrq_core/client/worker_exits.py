"""Workers that are gone: found, and forgotten."""

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.killing import is_running_here
from rrq_core.client.workers import ACTIVE, GONE, Workers, worker_records
from rrq_core.errors import InvalidArgument
from rrq_core.model.worker import WorkerRecord


def worker_detect_exited(*, controller: Connection | None = None) -> dict[str, str | None]:
    """Find workers whose heartbeat has lapsed, which are LOST from then on. `on_lost` decides on their tasks.

    Workers and whoever waits for tasks look for them all the time, so this is for who cannot wait for that.

    Args:
        controller: The controller; None: the default one.
    Returns:
        For each that was found now, the id of the task that it was at, None if it was at none.

    R: rrq_worker_detect_exited
    """
    queue = chosen(controller).backend.queue
    found: dict[str, str | None] = {}
    while lost := queue.recover(now=True).lost:  # it finds so many at a time
        found.update(lost.items())
    return found


def worker_delete_exited(worker_ids: Workers | None = None, *, controller: Connection | None = None) -> list[str]:
    """Delete all that is kept of workers that are EXITED or LOST: what they told of themselves, logs, answers.

    Args:
        worker_ids: One worker or several; None: all that are gone. One without a heartbeat that is gone without a word
            counts as active for ever: name it here, and it is LOST, its task decided on by `on_lost`, and deleted.
        controller: The controller; None: the default one.
    Returns:
        The ids of those that were deleted.
    Raises:
        WorkerNotFound: If one is unknown.
        InvalidArgument: If one is active, and has a heartbeat or is known to run on this host. Nothing was deleted.

    R: rrq_worker_delete_exited
    """
    connection = chosen(controller)
    if worker_ids is None:
        gone = connection.backend.workers.read(None, GONE)
        return [str(worker) for worker in connection.backend.workers.forget(sorted(record.id for record in gone))]
    records = worker_records(connection, worker_ids)
    _check_gone(records)
    return [str(worker) for worker in connection.backend.workers.forget([record.id for record in records], True)]


def _check_gone(records: list[WorkerRecord]) -> None:
    active = [record for record in records if record.status in ACTIVE and _is_heard(record)]
    if active:
        named = ", ".join(f"{record.id!r} ({record.status})" for record in active)
        raise InvalidArgument(
            f"only workers that are gone can be deleted, and these are active: {named}; worker_stop() stops them, "
            "worker_detect_exited() finds those whose heartbeat has lapsed. Nothing was deleted"
        )


def _is_heard(record: WorkerRecord) -> bool:
    return record.has_heartbeat or is_running_here(record.info)
