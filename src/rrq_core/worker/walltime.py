"""The time that a cluster gives to the job which a worker runs in, and whether another task fits into what is left."""

import math
import os
import re
import statistics
import subprocess
from collections import deque
from functools import cache

from rrq_core.ports.clock import process_clock

_LAST_TASKS = 100
_LONGEST_ANSWER = 10.0  # seconds
_END_TIME = re.compile(r"\bEndTime=(\d+)\b")


class Walltime:
    """When the time of a job is up, and how long the tasks of its worker take.

    Args:
        ends_at: Unix seconds, by the clock of this machine; None: never.
    """

    def __init__(self, ends_at: float | None) -> None:
        self._ends_at = ends_at
        self._took: deque[float] = deque(maxlen=_LAST_TASKS)

    @classmethod
    def of_this_job(cls) -> "Walltime":
        """Give that of the Slurm job that this process belongs to, if it belongs to one and its time is limited."""
        return cls(_end_of_job())

    def note(self, seconds: float) -> None:
        """Note how long a task took."""
        self._took.append(seconds)

    def remaining(self) -> float:
        """Give the seconds that are left, infinity where the time is not limited."""
        return math.inf if self._ends_at is None else self._ends_at - process_clock.time()

    def is_short(self) -> bool:
        """Tell whether less time is left than the median of the last tasks took. Before any, whether none is left."""
        if self._ends_at is None:
            return False
        return self.remaining() <= (statistics.median(self._took) if self._took else 0.0)


def _end_of_job() -> float | None:
    """Read when this job ends; new versions of Slurm tell it in the environment, old ones when they are asked."""
    told = os.environ.get("SLURM_JOB_END_TIME", "")
    if told.isdigit():
        return float(told)
    job = os.environ.get("SLURM_JOB_ID")
    array, number = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return None if job is None else _ask_slurm(f"{array}_{number}" if array and number else job)


@cache
def _ask_slurm(job: str) -> float | None:
    try:
        said = subprocess.run(
            ["scontrol", "show", "job", job],
            env={**os.environ, "SLURM_TIME_FORMAT": "%s"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LONGEST_ANSWER,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _END_TIME.search(said)
    return None if found is None else float(found[1])
