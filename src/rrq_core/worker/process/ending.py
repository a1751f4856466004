"""How the process of a task ended, when it was not by handing in an outcome."""

import signal

from attrs import frozen

from rrq_core.model.ids import QueueId
from rrq_core.model.status import TaskStatus
from rrq_core.model.work import Claim, Finished
from rrq_core.payload import Failure, capture_failure, encode_failure, value_context
from rrq_core.worker.line import one_line

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@frozen(kw_only=True)
class Verdict:
    """Why a process was ended, or what its end means.

    `line` is the word for it in the worker's log, where there is one.
    """

    status: TaskStatus
    failure: Failure
    line: str | None = None


def cancelled() -> Verdict:
    """Tell that somebody wanted the task to stop."""
    sentence = "it was cancelled while it ran"
    failure = Failure(type_name="", message=sentence, trace=f"{sentence}\n")
    return Verdict(status=TaskStatus.CANCELLED, failure=failure, line="CANCEL")


def late(timeout: float) -> Verdict:
    """Tell that a task took longer than it may."""
    error = TimeoutError(f"took longer than timeout_task_run={timeout:g} s")
    return Verdict(status=TaskStatus.TIMEOUT, failure=capture_failure(error, ()), line="TIMEOUT")


def too_large(used: int, limit: int) -> Verdict:
    """Tell that a task used more memory than it may."""
    shown, allowed = amount(used), amount(limit)
    if shown == allowed:
        shown = f"{used:,} bytes"
    return _death(MemoryError(f"used {shown} of {allowed}"))


def died(code: int) -> Verdict:
    """Tell what ended a process that has told no outcome.

    Args:
        code: Its exit status, or minus the number of a signal.
    """
    if code < 0:
        name = _name_of(-code)
        hint = ", not by this worker: perhaps by the system, for want of memory" if -code == signal.SIGKILL else ""
        return _death(ChildProcessError(f"killed by {name}{hint}"))
    return _death(ChildProcessError(f"its process ended by itself, with exit status {code} and without a result"))


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # the real-time ones have no names here
        return f"signal {number}"


def broken(reason: str) -> Verdict:
    """Tell that a process could not be watched over any more, and was ended."""
    return _death(ChildProcessError(reason))


def finish(claim: Claim, queue_id: QueueId, verdict: Verdict) -> Finished:
    """Make the finish of a task by what became of its process."""
    result = encode_failure(verdict.failure, value_context(queue_id))
    return Finished(claim=claim, status=verdict.status, result=result, note=one_line(verdict.failure.message))


def amount(size: int) -> str:
    """Show a number of bytes in the unit that suits it.

    >>> amount(8_300_000_000), amount(8_000_000_000), amount(512)
    ('8.3 GB', '8 GB', '512 bytes')
    """
    number, unit = float(size), 0
    while number >= 999.95 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.1f}".removesuffix(".0") + f" {_UNITS[unit]}"


def _death(error: Exception) -> Verdict:
    return Verdict(status=TaskStatus.DIED, failure=capture_failure(error, ()))
