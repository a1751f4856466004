"""A worker that is driven step by step."""

import pytest

from rrq_core.errors import InvalidArgument, TaskNotFound
from rrq_core.model.ids import QueueName, WorkerId, new_task_id
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.work import MessageIn, Work
from tests.unit.worker.lab import Lab


@pytest.fixture
def no_sleep(lab: Lab) -> Lab:
    """A lab whose workers may not sleep."""
    return lab.altered(workers={"wait": lambda *arguments: pytest.fail("it sleeps")})


def test_a_step_takes_runs_and_hands_in(no_sleep: Lab):
    loop, task = no_sleep.loop(timeout_idle=1000), no_sleep.submit(abs, -1)
    assert loop.step(immediate=True)
    assert no_sleep.value(task) == 1
    assert not loop.step(immediate=True)


def test_what_poll_has_claimed_is_run_by_the_next_step(no_sleep: Lab):
    loop, task = no_sleep.loop(timeout_idle=1000), no_sleep.submit(abs, -1)
    work = loop.poll(immediate=True)
    assert isinstance(work, Work)
    assert work.claim.task == task
    assert loop.poll(immediate=True) is work
    assert no_sleep.status(task) == TaskStatus.RUNNING
    assert loop.step(immediate=True)
    assert no_sleep.value(task) == 1


def test_poll_claims_messages_first(no_sleep: Lab):
    loop = no_sleep.loop(timeout_idle=1000)
    no_sleep.submit(abs, -1)
    no_sleep.send({"command": "PING"})
    assert isinstance(loop.poll(immediate=True), MessageIn)
    assert loop.step(immediate=True)
    assert no_sleep.answers() == [{"value": "PONG"}]


def test_poll_sleeps_once_where_there_is_nothing_and_looks_again(lab: Lab):
    sleeps = []

    def wait(session, queues, timeout):
        sleeps.append(lab.submit(abs, -1))

    work = lab.altered(workers={"wait": wait}).loop(timeout_idle=1000).poll()
    assert [work.claim.task] == sleeps


def test_to_run_at_once_ends_when_there_is_nothing_and_the_worker_stays(no_sleep: Lab):
    loop = no_sleep.loop(timeout_idle=1000)
    tasks = [no_sleep.submit(abs, -number) for number in range(3)]
    loop.run(immediate=True)
    assert [no_sleep.value(task) for task in tasks] == [0, 1, 2]
    (record,) = no_sleep.backend.workers.read([WorkerId("w")], frozenset(WorkerStatus))
    assert record.status == WorkerStatus.IDLE


def test_what_was_claimed_and_not_begun_is_given_back_by_who_signs_off(no_sleep: Lab):
    loop, task = no_sleep.loop(timeout_idle=1000), no_sleep.submit(abs, -1)
    loop.poll(immediate=True)
    loop.sign_off("enough")
    assert no_sleep.backend.queue.waiting(QueueName("default")).tasks == (task,)
    assert no_sleep.log()[-1] == "STOP OK (enough)"


def test_one_task_is_run_before_those_ahead_of_it_and_its_outcome_recorded(no_sleep: Lab):
    loop = no_sleep.loop(timeout_idle=1000)
    first, second, bad = no_sleep.submit(abs, -1), no_sleep.submit(abs, -2), no_sleep.submit(abs, "x", queue="other")
    assert loop.eval(second) == TaskStatus.COMPLETE
    assert loop.eval(bad) == TaskStatus.ERROR
    assert (no_sleep.value(second), no_sleep.status(first)) == (2, TaskStatus.PENDING)


def test_messages_come_before_a_task_that_is_asked_for(no_sleep: Lab):
    loop, task = no_sleep.loop(timeout_idle=1000), no_sleep.submit(abs, -1)
    no_sleep.send({"command": "PING"})
    assert loop.eval(task) == TaskStatus.COMPLETE
    assert no_sleep.answers() == [{"value": "PONG"}]


def test_only_a_pending_task_can_be_asked_for(no_sleep: Lab):
    loop, task = no_sleep.loop(timeout_idle=1000), no_sleep.submit(abs, -1)
    loop.eval(task)
    with pytest.raises(InvalidArgument, match=f"{task} is COMPLETE"):
        loop.eval(task)
    with pytest.raises(TaskNotFound):
        loop.eval(new_task_id())


def test_one_task_at_a_time(no_sleep: Lab):
    loop, first, second = no_sleep.loop(timeout_idle=1000), no_sleep.submit(abs, -1), no_sleep.submit(abs, -2)
    loop.poll(immediate=True)
    with pytest.raises(InvalidArgument, match=r"call step\(\)"):
        loop.eval(second)
    loop.step(immediate=True)
    assert (no_sleep.status(first), no_sleep.status(second)) == (TaskStatus.COMPLETE, TaskStatus.PENDING)
