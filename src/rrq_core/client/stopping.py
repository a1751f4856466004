"""Stopping workers."""

from collections.abc import Sequence

from rrq_core.client.commands import encoded_command
from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.progress import ProgressBar
from rrq_core.client.seconds import Deadline, checked_period, checked_seconds, poll
from rrq_core.client.sending import send_to_present
from rrq_core.client.workers import ACTIVE, Workers, worker_records
from rrq_core.errors import InvalidArgument, WorkerTimeout
from rrq_core.model.ids import WorkerId

STOP_TYPES = ("message",)


def worker_stop(
    worker_ids: Workers | None = None,
    type: str = "message",
    timeout: float = 0,
    time_poll: float = 0.1,
    progress: bool | None = None,
    *,
    controller: Connection | None = None,
) -> list[str]:
    """Stop workers. Each ends the task that it is at, and takes no other.

    Args:
        worker_ids: One worker or several; None: all active ones. Those that have ended already are passed over.
        type: How they are stopped. "message": by a message, which each sees to after its task.
        timeout: Seconds to wait until they are gone; 0: they are asked, and not waited for.
        time_poll: Seconds between two looks.
        progress: Whether to show a bar; None: $RRQ_PROGRESS, or where standard error is a terminal or a notebook.
        controller: The controller; None: the default one.
    Returns:
        The ids of those that it stopped or, with `timeout=0`, asked.
    Raises:
        WorkerNotFound: If one is unknown. None was asked.
        WorkerTimeout: If some are not gone in time. They were asked.

    R: rrq_worker_stop
    """
    connection = chosen(controller)
    check_stop_type(type)
    deadline = Deadline(checked_seconds(timeout, "timeout"))
    period = checked_period(time_poll, "time_poll")
    active = [record.id for record in worker_records(connection, worker_ids) if record.status in ACTIVE]
    sent = send_to_present(connection, encoded_command(connection.queue_id, "STOP", None), active)
    if sent is None:
        return []
    if timeout:
        _wait_until_gone(connection, sent.workers, deadline, period, progress)
    return list(sent.workers)


def check_stop_type(type: str) -> None:
    """Check how workers are to be stopped.

    Raises:
        InvalidArgument: If there is no such way.
    """
    if type not in STOP_TYPES:
        raise InvalidArgument(f"workers cannot be stopped by {type!r}; there is: {', '.join(map(repr, STOP_TYPES))}")


def _wait_until_gone(
    connection: Connection, workers: Sequence[WorkerId], deadline: Deadline, period: float, progress: bool | None
) -> None:
    left = set(workers)
    with ProgressBar(len(left), "workers", progress) as bar:

        def all_gone() -> bool:
            still = {record.id for record in connection.backend.workers.read(list(left), ACTIVE)}
            bar.advance(len(left) - len(still))
            left.intersection_update(still)
            return not left

        if not poll(all_gone, deadline, period):
            named = ", ".join(sorted(left))
            raise WorkerTimeout(
                f"not gone after {deadline.timeout:g} s: {named}; each was asked, and leaves when its task has ended"
            )
