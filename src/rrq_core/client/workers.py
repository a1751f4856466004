"""Looking at workers: which there are, where they stand, what they run."""

import math
from collections.abc import Iterable, Sequence

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.progress import ProgressBar
from rrq_core.client.seconds import Deadline, checked_period, checked_seconds, poll
from rrq_core.errors import InvalidArgument, WorkerNotFound, WorkerTimeout
from rrq_core.model.ids import WorkerId
from rrq_core.model.ids import worker_id as checked_worker_id
from rrq_core.model.status import WorkerStatus
from rrq_core.model.worker import WorkerInfo, WorkerRecord

ACTIVE = frozenset(status for status in WorkerStatus if status.is_active)
GONE = frozenset(WorkerStatus) - ACTIVE

Workers = str | Iterable[str]


def worker_list(*, controller: Connection | None = None) -> list[str]:
    """List the ids of the active workers, in order.

    R: rrq_worker_list
    """
    return _ids(chosen(controller), ACTIVE)


def worker_list_exited(*, controller: Connection | None = None) -> list[str]:
    """List the ids of the workers that are EXITED or LOST, in order.

    R: rrq_worker_list_exited
    """
    return _ids(chosen(controller), GONE)


def worker_len(*, controller: Connection | None = None) -> int:
    """Count the active workers.

    R: rrq_worker_len
    """
    return len(chosen(controller).backend.workers.read(None, ACTIVE))


def worker_exists(name: str, *, controller: Connection | None = None) -> bool:
    """Tell whether a worker is active.

    Args:
        name: Its id.
        controller: The controller; None: the default one.

    R: rrq_worker_exists
    """
    return bool(chosen(controller).backend.workers.read([checked_worker_id(name)], ACTIVE))


def worker_status(
    worker_ids: Workers | None = None, *, controller: Connection | None = None
) -> dict[str, WorkerStatus]:
    """Tell where workers stand.

    Args:
        worker_ids: One worker or several, also such as have ended; None: all active ones.
        controller: The controller; None: the default one.
    Returns:
        The status by worker id.
    Raises:
        WorkerNotFound: If one is unknown.

    R: rrq_worker_status
    """
    return {record.id: record.status for record in worker_records(chosen(controller), worker_ids)}


def worker_task_id(worker_ids: Workers | None = None, *, controller: Connection | None = None) -> dict[str, str | None]:
    """Tell which task workers are working on.

    Args:
        worker_ids: One worker or several, also such as have ended; None: all active ones.
        controller: The controller; None: the default one.
    Returns:
        The id of the task by worker id, None for those that have none.
    Raises:
        WorkerNotFound: If one is unknown.

    R: rrq_worker_task_id
    """
    return {record.id: record.task for record in worker_records(chosen(controller), worker_ids)}


def worker_info(
    worker_ids: Workers | None = None, *, controller: Connection | None = None
) -> dict[str, WorkerInfo | None]:
    """Tell where and with what workers run.

    Args:
        worker_ids: One worker or several, also such as have ended; None: all active ones.
        controller: The controller; None: the default one.
    Returns:
        A record by worker id, None where the worker left none.
    Raises:
        WorkerNotFound: If one is unknown.

    R: rrq_worker_info
    """
    return {record.id: record.info for record in worker_records(chosen(controller), worker_ids)}


def worker_wait(
    worker_ids: Workers,
    timeout: float = math.inf,
    time_poll: float = 0.2,
    progress: bool | None = None,
    *,
    controller: Connection | None = None,
) -> None:
    """Wait until workers have come up.

    Args:
        worker_ids: One worker or several.
        timeout: Seconds.
        time_poll: Seconds between two looks.
        progress: Whether to show a bar; None: $RRQ_PROGRESS, or where standard error is a terminal or a notebook.
        controller: The controller; None: the default one.
    Raises:
        WorkerTimeout: If some are not there in time; it names them.

    R: rrq_worker_wait
    """
    connection = chosen(controller)
    wanted = checked_worker_ids(worker_ids)
    deadline = Deadline(checked_seconds(timeout, "timeout"))
    missing = set(wanted)

    with ProgressBar(len(missing), "workers", progress) as bar:

        def all_there() -> bool:
            found = {record.id for record in connection.backend.workers.read(wanted, ACTIVE)}
            bar.advance(len(missing & found))
            missing.difference_update(found)
            return not missing

        if not poll(all_there, deadline, checked_period(time_poll, "time_poll")):
            named = ", ".join(sorted(missing))
            raise WorkerTimeout(
                f"workers of {connection.queue_id!r} that have not come up in {deadline.timeout:g} s: {named}; what "
                "they have printed says why, and worker_list() names those that are up"
            )


def checked_worker_ids(worker_ids: Workers) -> list[WorkerId]:
    """Give worker ids, each once.

    Raises:
        InvalidArgument: If one cannot be a worker id, or there is none.
    """
    given = [worker_ids] if isinstance(worker_ids, str) else _listed(worker_ids)
    if not given:
        raise InvalidArgument("no worker was named; leave worker_ids out (None) to mean all that are active")
    return [checked_worker_id(worker) for worker in dict.fromkeys(given)]


def _listed(worker_ids: object) -> list[object]:
    if not isinstance(worker_ids, Iterable):
        raise InvalidArgument(
            f"worker_ids is a worker id or several of them, not {worker_ids!r:.60}; a WorkerManager has those of its "
            "workers as .id"
        )
    return list(worker_ids)


def worker_records(connection: Connection, worker_ids: Workers | None) -> list[WorkerRecord]:
    """Read what is known of workers, in order; None: of all active ones.

    Raises:
        WorkerNotFound: If one is unknown.
    """
    workers = connection.backend.workers
    if worker_ids is None:
        return sorted(workers.read(None, ACTIVE), key=lambda record: record.id)
    wanted = checked_worker_ids(worker_ids)
    found = {record.id: record for record in workers.read(wanted, frozenset(WorkerStatus))}
    check_all_known(connection, wanted, found)
    return [found[worker] for worker in wanted]


def worker_record(connection: Connection, worker_id: str) -> WorkerRecord:
    """Read what is known of one worker.

    Raises:
        InvalidName: If this can be no worker id.
        WorkerNotFound: If it is unknown.
    """
    return worker_records(connection, [checked_worker_id(worker_id)])[0]


def check_all_known(connection: Connection, wanted: Sequence[WorkerId], found: Iterable[WorkerId]) -> None:
    """Check that all workers that were asked for were found.

    Raises:
        WorkerNotFound: If not.
    """
    unknown = [worker for worker in wanted if worker not in found]
    if unknown:
        named = ", ".join(repr(worker) for worker in unknown)
        raise WorkerNotFound(f"the queue {connection.queue_id!r} knows no worker {named}; see worker_list()")


def _ids(connection: Connection, states: frozenset[WorkerStatus]) -> list[str]:
    return sorted(record.id for record in connection.backend.workers.read(None, states))
