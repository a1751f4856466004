"""Stopping workers."""

from collections.abc import Sequence

from rrq_core.client.commands import encoded_command
from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.progress import ProgressBar
from rrq_core.client.seconds import Deadline, checked_period, checked_seconds, poll
from rrq_core.client.workers import ACTIVE, Workers, worker_records
from rrq_core.errors import InvalidArgument, WorkerNotFound, WorkerTimeout
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
    asked = _ask(
        connection, [record.id for record in worker_records(connection, worker_ids) if record.status in ACTIVE]
    )
    if timeout and asked:
        _wait_until_gone(connection, asked, deadline, period, progress)
    return list(asked)


def check_stop_type(type: str) -> None:
    """Check how workers are to be stopped.

    Raises:
        InvalidArgument: If there is no such way.
    """
    if type not in STOP_TYPES:
        raise InvalidArgument(f"workers cannot be stopped by {type!r}; there is: {', '.join(map(repr, STOP_TYPES))}")


def _ask(connection: Connection, workers: Sequence[WorkerId]) -> Sequence[WorkerId]:
    """Send STOP to those that are still there when it is sent."""
    body = encoded_command(connection.queue_id, "STOP", None)
    while workers:
        try:
            connection.backend.messages.send(body, workers)
        except WorkerNotFound:  # one has left since we looked, and nobody was sent anything
            workers = [record.id for record in connection.backend.workers.read(workers, ACTIVE)]
        else:
            break
    return workers


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
