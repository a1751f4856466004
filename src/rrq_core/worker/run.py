"""One task, from its claim to its outcome. Whatever happens in the task's own code, the worker lives."""

import contextvars
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pickle import PicklingError

from attrs import evolve

from rrq_core.errors import ObjectMissing, PayloadRefused
from rrq_core.model.ids import Hash, QueueId, TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.value import Buffer
from rrq_core.model.work import Claim, Finished, Work
from rrq_core.payload import (
    NO_NAMES,
    Context,
    PayloadKind,
    capture_failure,
    decode_call,
    decode_value,
    encode_failure,
    encode_value,
    shared,
    stored_values_of,
    value_context,
)
from rrq_core.worker.current import Checkpoint, CurrentTask, Tell, enter_task
from rrq_core.worker.line import one_line
from rrq_core.worker.progress import hear_progress
from rrq_core.worker.retrying import IsRetried, is_named, is_of, retry_in
from rrq_core.worker.stop import StoppedNow
from rrq_core.worker.task_warnings import watch_warnings
from rrq_core.worker.used_modules import UsedModules

GetValues = Callable[[Sequence[Hash]], Sequence[Buffer | None]]


def needed_values(work: Work, queue_id: QueueId, get_values: GetValues) -> Work:
    """Complete a claimed task by those of its stored values, and of the results it takes, that did not come along.

    Args:
        work: The task.
        queue_id: Its queue.
        get_values: Gets stored values; called once, if some are missing.
    Raises:
        PayloadRefused: If its body is damaged.
        ObjectMissing: If a value is gone.
        OffloadError: If a value is in the offload, and cannot be read there.
        BackendUnavailable, BackendFull: If `get_values` gave up.
    """
    named = stored_values_of(work.body, _body_context(work.root, queue_id))
    if not named and not work.results and work.checkpoint is None:
        return work
    needed = dict.fromkeys((*named, *work.results.values()))
    wanted = needed if work.checkpoint is None else {**needed, work.checkpoint: None}
    absent = [hash for hash in wanted if hash not in work.values]
    if not absent:
        return work
    values = {hash: data for hash, data in zip(absent, get_values(absent), strict=True) if data is not None}
    gone = [hash for hash in absent if hash in needed and hash not in values]
    if gone:
        raise ObjectMissing(gone, "a value that this task needs was deleted")
    return evolve(work, values={**work.values, **values})


def read_ahead(work: Work, queue_id: QueueId) -> None:
    """Read of a task what need not be unpickled: it is remembered here, and in what is forked from this process."""
    with suppress(PayloadRefused):  # who runs the task hears of it
        stored_values_of(work.body, _body_context(work.root, queue_id))


def run_task(
    work: Work,
    queue_id: QueueId,
    tell: Tell,
    names: Mapping[str, object] = NO_NAMES,
    used: UsedModules | None = None,
) -> Finished:
    """Run a claimed task, which has all its values, in this thread.

    Args:
        work: The task.
        queue_id: Its queue.
        tell: Hands what the task tells of itself on to the store.
        names: The environment: what expressions see, and where a function is looked for that cannot be imported here.
        used: What notices that the module of the task's function was edited since it was imported.
    Returns:
        How it ended: COMPLETE with its value, or ERROR with what was raised and, where that is retried, when.
    Raises:
        StoppedNow: If this process is to stop at once.
    """
    task = CurrentTask(
        id=work.claim.task,
        queue_id=queue_id,
        root=work.root,
        attempt=work.claim.attempt,
        tell=tell,
        checkpoint=Checkpoint(None if work.checkpoint is None else work.values.get(work.checkpoint)),
    )
    watch_warnings()
    hear_progress()
    # A copy of the context, so that what the task sets in its context variables is gone after it.
    return contextvars.copy_context().run(_run, work, queue_id, task, names, used)


def not_begun(work: Work, queue_id: QueueId, error: BaseException) -> Finished:
    """Make the finish of a task whose own code was never run.

    Args:
        work: The task.
        queue_id: Its queue.
        error: Why not.
    """
    return _ended(work, queue_id, error, (), is_named)


def not_kept(work: Work, queue_id: QueueId, finished: Finished, error: BaseException) -> Finished:
    """Make the finish of a task whose result there is no place for.

    Args:
        work: The task.
        queue_id: Its queue.
        finished: How it would have ended.
        error: Why not.
    """
    return evolve(_ended(work, queue_id, error, (), is_named), log=finished.log)


def failed(claim: Claim, queue_id: str, error: BaseException, warnings: Sequence[str] = ()) -> Finished:
    """Make the finish of a task that ends in ERROR.

    Args:
        claim: The right to finish it.
        queue_id: Its queue.
        error: What was raised.
        warnings: The warnings before it, as text.
    """
    failure = capture_failure(error, warnings)
    result = encode_failure(failure, value_context(queue_id))
    note = one_line(failure.summary)
    return Finished(claim=claim, status=TaskStatus.ERROR, result=result, note=note)


def _run(
    work: Work, queue_id: QueueId, task: CurrentTask, names: Mapping[str, object], used: UsedModules | None
) -> Finished:
    enter_task(task)
    is_retried: IsRetried = is_named
    stale: str | None = None
    try:
        context = _body_context(work.root, queue_id)
        call = decode_call(work.body, context, work.values, _results(work, queue_id), names)
        stale = None if used is None or call.module is None else used.stale(call.module)
        is_retried = is_of
        value = awaited(call.function(*call.args, **call.kwargs))
        is_retried = is_named
        result = encode_value(value, value_context(queue_id), what=f"the result of {call.name}")
    except StoppedNow:
        raise
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: the task's own, no wish of ours to end
        if stale is not None:
            task.warnings.append(stale)
            with suppress(Exception):  # some exceptions take no notes
                error.add_note(stale)
        _explain(error)
        return _ended(work, queue_id, error, task.warnings, is_retried)
    return Finished(claim=work.claim, status=TaskStatus.COMPLETE, result=result)


def _explain(error: BaseException) -> None:
    """Say in a note what an error of pickle inside of a task means, as when multiprocessing sends a function on."""
    if isinstance(error, PicklingError) and any("__main__" in text for text in error.args if isinstance(text, str)):
        error.add_note(
            "a function or class of your script was sent whole, and pickle looks for it by its name in the worker's "
            "__main__: put it into a module, or use what sends functions whole, such as joblib"
        )


def _ended(
    work: Work, queue_id: QueueId, error: BaseException, warnings: Sequence[str], is_retried: IsRetried
) -> Finished:
    try:
        pause = retry_in(work.body, _body_context(work.root, queue_id), work.claim.attempt, error, is_retried)
    except PayloadRefused as refused:
        pause, warnings = None, (*warnings, f"whether to try again cannot be told: {refused}")
    return evolve(failed(work.claim, queue_id, error, warnings), retry_in=pause)


def _results(work: Work, queue_id: QueueId) -> Mapping[TaskId, object]:
    """Unpickle the results that are arguments: each by itself, so that no two tasks' results are one object."""
    if not work.results:
        return {}
    taken = set(stored_values_of(work.body, _body_context(work.root, queue_id)))
    return {
        task: _result(task, shared(work.values[hash], hash, taken), queue_id) for task, hash in work.results.items()
    }


def _result(task: TaskId, data: Buffer, queue_id: QueueId) -> object:
    try:
        return decode_value(data, value_context(queue_id))
    except PayloadRefused as error:
        raise PayloadRefused(f"the result of task {task} is an argument of this one, and {error}") from error


@lru_cache(maxsize=1)
def _body_context(root: TaskId, queue_id: QueueId) -> Context:
    # The first task of a retry chain is the one that has a body.
    return Context(kind=PayloadKind.TASK, queue_id=queue_id, names=(root,))


def awaited(value: object) -> object:
    """Give a value; of a coroutine, what it returns."""
    if not hasattr(type(value), "__await__") or not isinstance(value, Coroutine):  # the first is quicker to tell
        return value
    import asyncio  # here, since most workers never need it and all would start later

    return asyncio.run(value)
