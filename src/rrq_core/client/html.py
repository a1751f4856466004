"""How controllers, tasks and groups look in a notebook: small tables, each from a look or two at the queue.

What is shown must not raise: where the queue cannot be asked, the table says why.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape

from rrq_core.client.connection import Connection
from rrq_core.client.info import task_info
from rrq_core.client.tasks import task_overview
from rrq_core.client.workers import worker_status
from rrq_core.errors import RrqError
from rrq_core.model.ids import DEFAULT_QUEUE, TaskId
from rrq_core.model.task_info import TaskInfo
from rrq_core.plugins import without_password

Rows = Iterable[tuple[str, object]]

_LEFT = " style='text-align: left'"


def controller_html(connection: Connection) -> str:
    """Show a queue: where it is, how many tasks wait in it, its workers by status."""
    return _table(f"Queue {connection.queue_id}", lambda: _of_queue(connection))


def task_html(connection: Callable[[], Connection], task: TaskId) -> str:
    """Show a task: where it stands, where it runs or ran, its last error."""
    return _table(f"Task {task}", lambda: _of_task(task_info(task, controller=connection())))


def group_html(connection: Callable[[], Connection], tasks: Sequence[TaskId]) -> str:
    """Show a group: how many of its tasks stand where, those in the place of retried ones."""
    return _table(f"{len(tasks)} tasks", lambda: _of_tasks(connection(), tasks))


def _of_queue(connection: Connection) -> Rows:
    yield "at", without_password(connection.url)
    yield "waiting", connection.backend.queue.waiting(DEFAULT_QUEUE, 0, 0).total
    statuses = list(worker_status(controller=connection).values())
    counts = {status: statuses.count(status) for status in dict.fromkeys(statuses)}
    yield "workers", ", ".join(f"{n} {status}" for status, n in counts.items()) or "none"


def _of_task(info: TaskInfo) -> Rows:
    yield "status", info.status
    yield "queue", info.queue
    if info.worker is not None:
        yield "worker", info.worker
    for name, moment in info.times.as_datetime().items():
        if moment is not None:
            yield name, _shown(moment)
    if len(info.attempts) > 1:
        yield "attempts", len(info.attempts)
    if info.attempts and info.attempts[-1].error:
        yield "error", info.attempts[-1].error


def _of_tasks(connection: Connection, tasks: Sequence[TaskId]) -> Rows:
    follow = connection.follows(None)
    counts = task_overview(tasks, follow=follow, controller=connection)
    return ((status, n) for status, n in counts.items() if n)


def _shown(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _table(title: str, look: Callable[[], Rows]) -> str:
    try:
        rows = list(look())
    except RrqError as error:
        rows = [("not known", error)]
    cells = "".join(
        f"<tr><th{_LEFT}>{escape(name)}</th><td{_LEFT}>{escape(str(value))}</td></tr>" for name, value in rows
    )
    return f"<table><caption>{escape(title)}</caption>{cells}</table>"
