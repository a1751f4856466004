"""Crashes at every call to the store, one after another, and what is left of the work after each."""

from collections.abc import Callable

from rrq_core.client.check import check
from rrq_core.model.status import TaskStatus
from rrq_core.testing.faults import Crash
from rrq_core.testing.harnessed import Harness, harness

Scenario = Callable[[Harness], object]

_UNTIL_LOST = 65.0
_MANY_CALLS = 1000
_LIVELY = (TaskStatus.PENDING, TaskStatus.RUNNING)


def crash_everywhere(scenario: Scenario, after: Scenario | None = None, limit: int = _MANY_CALLS) -> int:
    """Run a scenario once for each of its calls to the store, with a crash at that call: before it, and after it.

    A crash ends the scenario and all of its workers. Then their heartbeats lapse, the queue recovers, and a new worker
    runs what there is to run. After that, every law of the queue must hold, and no task may be PENDING or RUNNING.

    Args:
        scenario: What to do with a `Harness`: submit, step, look. It is called anew for each crash.
        after: What must hold after each crash besides, as asserts.
        limit: How many calls are too many.
    Returns:
        How many crashes there were.
    Raises:
        AssertionError: If something does not hold; it says after which crash.

    >>> def scenario(h):
    ...     h.queue.submit(pow, 2, 10)
    ...     h.run_all()
    >>> crash_everywhere(scenario) > 4
    True
    """
    crashes = 0
    for number in range(1, limit + 1):
        for executed in (False, True):
            if not _crashes(scenario, after, number, executed):
                return crashes
            crashes += 1
    raise AssertionError(f"after {limit} calls to the store the scenario is not at its end")


def _crashes(scenario: Scenario, after: Scenario | None, number: int, executed: bool) -> bool:
    """Run a scenario with a crash at its call of a number; whether it came so far."""
    with harness() as h:
        h.faults.crash_at(number, executed)
        try:
            scenario(h)
        except Crash as crash:
            h.restart()
            _hold_after(crash, h, after)
            return True
        return False


def _hold_after(crash: Crash, h: Harness, after: Scenario | None) -> None:
    try:
        _settle(h)
        if after is not None:
            after(h)
    except BaseException as error:
        error.add_note(f"That was after {crash}")
        raise


def _settle(h: Harness) -> None:
    """Let the crash be noticed, and have done what is left to do."""
    h.clock.move(_UNTIL_LOST)
    h.run_all()
    broken = check(controller=h.queue).violations
    assert not broken, "; ".join(violation.sentence for violation in broken)
    stranded = [task for status in _LIVELY for task in h.queue.backend.queue.tasks(status)]
    assert not stranded, f"nobody will run these tasks, or end them: {', '.join(stranded)}"
