"""The whole of a queue: verify it, destroy it."""

from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.flags import checked_flag
from rrq_core.client.notice import notice
from rrq_core.client.seconds import checked_period
from rrq_core.client.stopping import check_stop_type, worker_stop
from rrq_core.model.report import CheckReport
from rrq_core.store import OffloadSpace


def check(repair: bool = False, *, controller: Connection | None = None) -> CheckReport:
    """Verify every law of a queue: that each task, worker and value is in one well-defined state.

    It may be called at any time, also while the queue is in use. That the offload has what it should is looked at too;
    what is missing there, and an offload that cannot be used from here, cannot be mended.

    Args:
        repair: Whether to mend what is broken, and to delete from the offload what nothing refers to.
        controller: The controller; None: the default one.
    Returns:
        A report: `.ok`, and `.violations` with a sentence on each.
    """
    wanted, connection = checked_flag(repair, "repair"), chosen(controller)
    violations = connection.backend.queue.check(wanted)
    return CheckReport(violations=(*violations, *connection.values.violations(wanted)))


def destroy(
    delete: bool | float = True,
    worker_stop_type: str = "message",
    timeout_worker_stop: float = 0,
    *,
    controller: Connection | None = None,
) -> None:
    """Destroy a queue: stop its workers, and delete all that it has in the store. This cannot be undone.

    Args:
        delete: True: now; or seconds after which it goes by itself.
        worker_stop_type: How workers are stopped, as in `worker_stop`.
        timeout_worker_stop: Seconds to wait for workers to be gone; 0: not at all.
        controller: The controller; None: the default one.
    Raises:
        InvalidArgument: If `delete` is neither True nor a number of seconds above 0.
        WorkerTimeout: If workers are not gone in time. Nothing was deleted.
        OffloadError: If its offload cannot be emptied, or is not the place that was configured. All else was deleted.
        ConfigurationTaken: If its offload is another's now. All else was deleted.

    R: rrq_destroy
    """
    connection = chosen(controller)
    after = 0.0 if delete is True else checked_period(delete, "delete (where it is not True)")
    check_stop_type(worker_stop_type)
    worker_stop(type=worker_stop_type, timeout=timeout_worker_stop, controller=connection)
    connection.backend.queue.destroy(after)
    _empty(connection.values.space, after)


def _empty(space: OffloadSpace | None, after: float) -> None:
    """Empty an offload with its queue; one that ends by itself cannot take its offload with it."""
    if space is None:
        return
    if after > 0:
        notice(f"the queue goes in {after:g} s, what lies in its offload stays: delete {space.shown} yourself then")
    else:
        space.destroy()
