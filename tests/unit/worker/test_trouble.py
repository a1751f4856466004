"""What a worker survives: a store that is away or full, a session that is over; and what it does not survive."""

import pytest

from rrq_core.errors import BackendDenied, BackendError, BackendFull, BackendUnavailable, QueueGone, WorkerIdTaken
from rrq_core.model.ids import WorkerId
from rrq_core.model.status import TaskStatus, WorkerStatus
from tests.unit.worker.lab import Lab

here = {}


def end_the_session():
    here["end"]()
    return "too late"


def take_the_id_over():
    here["end"]()
    here["lab"].loop("w")


def destroy_the_queue():
    here["lab"].backend.queue.destroy()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("rrq_core.worker.outage._SHORTEST_PAUSE", 0.0)


@pytest.fixture
def fenced(lab: Lab) -> Lab:
    """A lab whose tasks can end the session of the worker that runs them."""
    sessions = []

    def step(session, finished, take):
        sessions.append(session)
        return lab.backend.queue.step(session, finished, take)

    here["lab"] = lab
    here["end"] = lambda: lab.backend.workers.leave(sessions[-1], WorkerStatus.LOST, "declared lost")
    return lab.altered(queue={"step": step})


@pytest.mark.parametrize("error", [BackendUnavailable("away"), BackendFull("full")])
def test_a_result_outlives_an_outage(lab: Lab, error):
    task, errors = lab.submit(abs, -1), [error] * 3

    def step(session, finished, take):
        if finished is not None and errors:
            raise errors.pop()
        return lab.backend.queue.step(session, finished, take)

    lab.altered(queue={"step": step}).work()
    assert errors == []
    assert (lab.value(task), lab.record(task).attempt) == (1, 1)
    assert [line.split()[1:3] for line in lab.printed].count(["UNAVAILABLE", str(error)]) == 3


def test_an_answer_that_is_lost_loses_nothing_and_runs_nothing_twice(lab: Lab):
    tasks = [lab.submit(abs, -number) for number in range(3)]
    calls = []

    def step(session, finished, take):
        answer = lab.backend.queue.step(session, finished, take)
        calls.append(answer)
        if len(calls) % 2:
            raise BackendUnavailable("cut before the answer came")
        return answer

    lab.altered(queue={"step": step}).work()
    assert [lab.value(task) for task in tasks] == [0, 1, 2]
    assert {lab.record(task).attempt for task in tasks} == {1}


def test_a_sleep_that_is_cut_is_followed_by_a_look(lab: Lab):
    tasks = []

    def wait(session, queues, timeout):
        if len(tasks) == 3:
            loop.request_stop("enough")
            return
        tasks.append(lab.submit(abs, -len(tasks)))
        raise BackendUnavailable("cut")

    loop = lab.altered(workers={"wait": wait}).loop(timeout_idle=1000)
    loop.run()
    assert [lab.value(task) for task in tasks] == [0, 1, 2]


@pytest.mark.parametrize("error", [BackendError("a value is too large"), BackendDenied("no right to do this")])
def test_an_outcome_that_the_store_refuses_for_good_is_the_error_of_its_task(lab: Lab, error):
    task, after = lab.submit(bytes, 100_000), lab.submit(abs, -1)

    def step(session, finished, take):
        if finished is not None and finished.result.size > 90_000:
            raise error
        return lab.backend.queue.step(session, finished, take)

    lab.altered(queue={"step": step}).work()
    assert str(error) in lab.failure(task).message
    assert lab.value(after) == 1


def test_a_worker_that_the_store_refuses_altogether_ends_with_the_reason(lab: Lab):
    def step(session, finished, take):
        raise BackendDenied("no right to do this")

    loop = lab.altered(queue={"step": step}).loop()
    with pytest.raises(BackendDenied, match="no right"):
        loop.run()


def test_asked_to_stop_during_an_outage_with_empty_hands_it_gives_up(lab: Lab):
    def away(*arguments, **options):
        loop.request_stop("asked")
        raise BackendUnavailable("away")

    loop = lab.altered(queue={"step": away}, workers={"leave": away}).loop()
    with pytest.raises(BackendUnavailable):
        loop.run()


def test_asked_to_stop_during_an_outage_with_a_result_in_hand_it_hands_that_in_before_it_leaves(lab: Lab):
    task, errors = lab.submit(abs, -1), [BackendUnavailable("away")] * 3

    def step(session, finished, take):
        if finished is not None and errors:
            loop.request_stop("asked")
            raise errors.pop()
        return lab.backend.queue.step(session, finished, take)

    loop = lab.altered(queue={"step": step}).loop()
    loop.run()
    assert (lab.value(task), lab.record(task).attempt) == (1, 1)


def test_asked_to_stop_while_the_values_of_a_task_cannot_be_had_it_gives_the_task_back(lab: Lab):
    task = lab.submit(len, "a" * 100_000)

    def away(hashes):
        loop.request_stop("asked")
        raise BackendUnavailable("away")

    loop = lab.altered(objects={"get": away}).loop()
    loop.run()
    assert lab.status(task) == TaskStatus.PENDING


def test_a_worker_whose_session_is_over_drops_its_result_and_registers_again(fenced: Lab):
    task, after = fenced.submit(end_the_session), fenced.submit(abs, -1)
    fenced.work()
    assert fenced.status(task) == TaskStatus.DIED
    assert fenced.value(after) == 1
    assert f"TASK_COMPLETE {task}" not in "".join(fenced.printed)
    log = fenced.log()
    assert log[log.index("LOST") :][:3] == ["LOST", "ALIVE", "QUEUE default"]
    assert log[-1] == "STOP OK (TIMEOUT)"


def test_a_worker_whose_id_was_taken_over_ends_and_leaves_the_other_alone(fenced: Lab):
    fenced.submit(take_the_id_over)
    loop = fenced.loop()
    with pytest.raises(WorkerIdTaken):
        loop.run()
    loop.abandon("its id was taken")
    workers = fenced.backend.workers.read([WorkerId("w")], frozenset({WorkerStatus.IDLE}))
    assert [worker.id for worker in workers] == ["w"]


def test_a_worker_whose_queue_was_destroyed_says_so_and_ends(fenced: Lab):
    fenced.submit(destroy_the_queue)
    loop = fenced.loop()
    with pytest.raises(QueueGone, match="'lab'"):
        loop.run()
    assert fenced.backend.workers.read(None, frozenset(WorkerStatus)) == []


def test_an_id_whose_owner_is_alive_is_refused(lab: Lab):
    lab.loop("w")
    with pytest.raises(WorkerIdTaken, match="'w'"):
        lab.loop("w")


def test_a_queue_that_nobody_has_made_has_no_workers(lab: Lab):
    lab.backend.queue.destroy()
    with pytest.raises(QueueGone, match="'lab'"):
        lab.loop()


def test_a_worker_that_gives_up_leaves_its_task_to_on_lost(lab: Lab):
    task = lab.submit(abs, -1)

    def step(session, finished, take):
        lab.backend.queue.step(session, finished, take)
        raise BackendDenied("no right to do this")

    loop = lab.altered(queue={"step": step}).loop()
    with pytest.raises(BackendDenied):
        loop.run()
    loop.abandon("no rights")
    assert lab.status(task) == TaskStatus.DIED
    assert lab.backend.queue.check() == []
