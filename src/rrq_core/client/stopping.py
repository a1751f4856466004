"""Stopping workers."""

from collections.abc import Callable, Mapping, Sequence

from rrq_core.client.commands import Order
from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.killing import kill_by_heartbeat, kill_here
from rrq_core.client.progress import ProgressBar
from rrq_core.client.seconds import Deadline, checked_period, checked_seconds, poll
from rrq_core.client.sending import send_to_present
from rrq_core.client.workers import ACTIVE, Workers, worker_records
from rrq_core.errors import InvalidArgument, WorkerTimeout
from rrq_core.model.ids import WorkerId
from rrq_core.model.worker import WorkerRecord

Stop = Callable[[Connection, Sequence[WorkerRecord]], Sequence[WorkerId]]


def worker_stop(
    worker_ids: Workers | None = None,
    type: str = "message",
    timeout: float = 0,
    time_poll: float = 0.1,
    progress: bool | None = None,
    *,
    controller: Connection | None = None,
) -> list[str]:
    """Stop workers: when each has ended its task, or at once.

    Args:
        worker_ids: One worker or several; None: all active ones. Those that have ended already are passed over.
        type: How they are stopped. "message": by a message, which each sees to after its task. "kill": at once, by
            SIGKILL through their heartbeats, wherever they run. "kill_local": at once, by SIGKILL from here, for
            processes of this host. What a worker was at that is killed is decided by the task's `on_lost`.
        timeout: Seconds to wait until they are gone; 0: they are not waited for.
        time_poll: Seconds between two looks.
        progress: Whether to show a bar; None: $RRQ_PROGRESS, or where standard error is a terminal or a notebook.
        controller: The controller; None: the default one.
    Returns:
        The ids of those that it stopped or, with `timeout=0`, asked.
    Raises:
        InvalidArgument: If there is no such way, or one cannot be stopped in this way: it has no heartbeat for "kill",
            runs on another host or is this process for "kill_local", or is a thread (memory://) for both. None was
            stopped.
        WorkerNotFound: If one is unknown. None was stopped.
        WorkerTimeout: If some are not gone in time. They were asked, or killed.

    R: rrq_worker_stop
    """
    connection = chosen(controller)
    check_stop_type(type)
    deadline = Deadline(checked_seconds(timeout, "timeout"))
    period = checked_period(time_poll, "time_poll")
    active = [record for record in worker_records(connection, worker_ids) if record.status in ACTIVE]
    stopped = _STOPS[type](connection, active)
    if timeout and stopped:
        _wait_until_gone(connection, stopped, deadline, period, progress)
    return list(stopped)


def check_stop_type(type: str) -> None:
    """Check how workers are to be stopped.

    Raises:
        InvalidArgument: If there is no such way.
    """
    if not isinstance(type, str) or type not in _STOPS:
        raise InvalidArgument(f"workers cannot be stopped by {type!r}; there is: {', '.join(map(repr, _STOPS))}")


def _ask(connection: Connection, workers: Sequence[WorkerRecord]) -> Sequence[WorkerId]:
    order = Order.checked(connection.queue_id, "STOP")
    sent = send_to_present(connection, order, [record.id for record in workers])
    return () if sent is None else sent.workers


def _wait_until_gone(
    connection: Connection, workers: Sequence[WorkerId], deadline: Deadline, period: float, progress: bool | None
) -> None:
    backend, left = connection.backend, set(workers)
    with ProgressBar(len(left), "workers", progress) as bar:

        def all_gone() -> bool:
            backend.queue.recover()  # finds those that are gone without a word
            still = {record.id for record in backend.workers.read(list(left), ACTIVE)}
            bar.advance(len(left) - len(still))
            left.intersection_update(still)
            return not left

        if not poll(all_gone, deadline, period):
            named = ", ".join(sorted(left))
            raise WorkerTimeout(
                f"not gone after {deadline.timeout:g} s: {named}; one that was asked leaves when its task has ended, "
                "one that was killed is missed when its heartbeat lapses or, where it has none, when "
                "worker_delete_exited(id) forgets it"
            )


_STOPS: Mapping[str, Stop] = {"message": _ask, "kill": kill_by_heartbeat, "kill_local": kill_here}
