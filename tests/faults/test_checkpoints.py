"""Checkpoints of tasks whose worker is killed."""

import os
import signal
from collections.abc import Iterator

import pytest

import rrq_core as rrq
from tests.fleet import Fleet, fleet_on
from tests.servers import PrivateServer


@pytest.fixture
def fleet(server: PrivateServer) -> Iterator[Fleet]:
    with fleet_on(server, __name__) as fleet:
        yield fleet


def killed_after_each_step(steps: int) -> list[int]:
    """Do a step in each attempt, and then kill the worker that runs it."""
    done: list[int] = rrq.checkpoint([])
    if len(done) == steps:
        return done
    rrq.checkpoint_save([*done, rrq.attempt()])
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it was killed")


def test_the_next_attempt_gets_what_was_kept_before_the_worker_was_killed(fleet: Fleet) -> None:
    fleet.start("--workers", "3", ids=("w_1", "w_2", "w_3"))
    task = fleet.queue.options(on_lost="requeue", max_attempts=3).submit(killed_after_each_step, 2)
    assert task.result(30) == [1, 2]
    assert [attempt.status for attempt in task.info().attempts] == ["DIED", "DIED", "COMPLETE"]
    task.delete()
    assert rrq.check().ok
