"""What code in a task asks of it, and keeps with it for the next attempt."""

import warnings
from typing import Any

from rrq_core.errors import NotInTask, RrqError
from rrq_core.model.ids import TaskId
from rrq_core.model.task import TaskChange
from rrq_core.payload import Context, decode_value, encode_value, value_context
from rrq_core.worker.current import CurrentTask, current_task

_SEED_BITS = 63


def task_id() -> TaskId:
    """Give the id of the task that this code runs in.

    Raises:
        NotInTask: If it runs in none.

    >>> import rrq_core as rrq
    >>> with rrq.connect("docs", "memory://task-id") as q, rrq.worker_spawn(1):
    ...     task = q.submit(rrq.task_id)
    ...     task.result() == task.id
    True
    """
    return _required("task_id").id


def attempt() -> int:
    """Give the number of this attempt at the task that this code runs in: 1, and more after errors or lost workers.

    Raises:
        NotInTask: If it runs in none.
    """
    return _required("attempt").attempt


def seed() -> int:
    """Give a number to start random generators from: of 63 bits, and the same in each attempt and retry of a task.

    Raises:
        NotInTask: If this runs in no task.

    >>> import random
    >>> import rrq_core as rrq
    >>> def draw():
    ...     return random.Random(rrq.seed()).random()
    >>> with rrq.connect("docs", "memory://seed") as q, rrq.worker_spawn(1):
    ...     task = q.submit(draw)
    ...     task.result() == task.retry().result()
    True
    """
    return int(_required("seed").root, 16) >> (128 - _SEED_BITS)


def checkpoint(default: Any = None) -> Any:  # any value comes back as what it was, which only the task knows
    """Give what was kept last by `checkpoint_save`: in this attempt, in one before it, or before a retry.

    Args:
        default: What to give if nothing was, and outside of tasks.
    Raises:
        PayloadRefused: If it cannot be unpickled here.
    """
    task = current_task()
    if task is None or task.checkpoint.data is None:
        return default
    return decode_value(task.checkpoint.data, _context(task))


def checkpoint_save(value: object) -> None:
    """Keep a value with the task that this code runs in, for its next attempt, in the place of the one before.

    It outlives an error, a lost worker and a retry, and goes with the task. The same code can run without a queue:
    outside of a task nothing happens. A computation is worth more than a checkpoint of it: if the store cannot take
    it, the task is warned.

    Args:
        value: Any object that can be sent.
    Raises:
        NotSendable: If the value cannot be sent.

    >>> import rrq_core as rrq
    >>> def count_to(n):
    ...     done = rrq.checkpoint(0)
    ...     for number in range(done + 1, n + 1):
    ...         rrq.checkpoint_save(number)
    ...         if number == 2 and rrq.attempt() == 1:
    ...             raise OSError("interrupted")
    ...     return done
    >>> with rrq.connect("docs", "memory://checkpoint") as q, rrq.worker_spawn(1):
    ...     q.options(retries=1).submit(count_to, 3).result()
    2
    """
    task = current_task()
    if task is None:
        return
    kept = encode_value(value, _context(task), what="the checkpoint")
    try:
        task.tell(TaskChange(checkpoint=kept))
    except (RrqError, OSError) as error:
        warnings.warn(f"the checkpoint was not kept: {error}", stacklevel=2)
        return
    task.checkpoint.data = kept.data


def _required(what: str) -> CurrentTask:
    task = current_task()
    if task is None:
        raise NotInTask(
            f"{what}() was called outside of a task: call it in a function that a worker runs; a thread that such a "
            "function starts is outside, unless it runs contextvars.copy_context().run(...), copied in the task"
        )
    return task


def _context(task: CurrentTask) -> Context:
    return value_context(task.queue_id)
