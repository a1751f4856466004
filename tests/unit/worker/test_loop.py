"""How a worker lives: what it takes and in which order, what that costs, when it leaves."""

import random

import pytest

from rrq_core.model.ids import QueueName, WorkerId
from rrq_core.model.status import TaskStatus, WorkerStatus
from tests.unit.worker.lab import Lab

here = {}


def note_order(order, name):
    notes[order].append(name)


notes: dict[str, list[str]] = {}


def stop_the_worker():
    here["w"].request_stop("asked in a task")
    return "done"


class Calls:
    """Counts the calls of ports."""

    def __init__(self, lab: Lab) -> None:
        self.made: list[str] = []
        self._lab = lab

    def on(self, port: str, *methods: str):
        return {method: self._counted(getattr(getattr(self._lab.backend, port), method), method) for method in methods}

    def _counted(self, method, name):
        def counted(*args, **kwargs):
            self.made.append(name)
            return method(*args, **kwargs)

        return counted


def states(lab: Lab, worker="w"):
    return [record.status for record in lab.backend.workers.read([WorkerId(worker)], frozenset(WorkerStatus))]


def test_a_worker_writes_down_what_it_does(lab: Lab):
    loop = lab.loop()
    good, bad = lab.submit(abs, -1), lab.submit(abs, "x")
    loop.run()
    assert lab.log() == [
        "ALIVE",
        "ENVIR new",
        "QUEUE default",
        f"TASK_START {good}",
        f"TASK_COMPLETE {good}",
        f"TASK_START {bad}",
        f"TASK_ERROR {bad}",
        "STOP OK (TIMEOUT)",
    ]
    assert states(lab) == [WorkerStatus.EXITED]


def test_it_prints_the_same_lines_if_it_is_verbose(lab: Lab):
    lab.submit(abs, -1)
    lab.work(verbose=True)
    assert [line.split(" ", 1)[1] for line in lab.printed] == lab.log()


def test_it_prints_nothing_if_it_is_not(lab: Lab):
    lab.submit(abs, -1)
    lab.work(verbose=False)
    assert lab.printed == []


def test_queues_come_in_order_of_priority_and_the_default_one_last(lab: Lab):
    order = notes["priority"] = []
    for queue in ("default", "low", "high", "default"):
        lab.submit(note_order, "priority", queue, queue=queue)
    lab.work(queue=["high", "low"])
    assert order == ["high", "low", "default", "default"]
    assert "QUEUE high low default" in lab.log()


def test_a_busy_worker_makes_one_call_for_each_task(lab: Lab):
    calls = Calls(lab)
    for number in range(10):
        lab.submit(abs, number)
    altered = lab.altered(
        queue=calls.on("queue", "step", "update", "read"),
        workers={**calls.on("workers", "log", "leave"), "wait": lambda *arguments: loop.request_stop("enough")},
        objects=calls.on("objects", "get", "put"),
    )
    loop = altered.loop(timeout_idle=1000)
    loop.run()
    assert calls.made == ["log", *["step"] * 11, "leave"]


def test_an_idle_worker_starts_a_task_with_two_calls(lab: Lab):
    calls = Calls(lab)

    def wait(session, queues, timeout):
        calls.made.append("wait")
        if calls.made.count("wait") == 1:
            lab.submit(abs, -1)
        else:
            loop.request_stop("enough")

    loop = lab.altered(queue=calls.on("queue", "step"), workers={"wait": wait}).loop(timeout_idle=1000)
    loop.run()
    assert calls.made == ["step", "wait", "step", "step", "wait"]


def test_idle_workers_poll_at_times_of_their_own(lab: Lab):
    timeouts = []

    def wait(session, queues, timeout):
        timeouts.append(timeout)
        if len(timeouts) == 50:
            loop.request_stop("enough")

    random.seed(1)
    state = random.getstate()
    loop = lab.altered(workers={"wait": wait}).loop(timeout_idle=1000, poll_queue=5)
    loop.run()
    assert 4 <= min(timeouts) < 4.9 < 5.1 < max(timeouts) <= 6
    assert random.getstate() == state, "the generator of the tasks was used"


def test_a_worker_without_tasks_leaves_after_its_time(lab: Lab):
    lab.work(timeout_idle=0.01)
    assert lab.log()[-1] == "STOP OK (TIMEOUT)"


class Clock:
    """A clock that stands still unless it is told, in the place of the process's."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch) -> Clock:
    here["clock"] = clock = Clock()
    monkeypatch.setattr("rrq_core.worker.timer.process_clock", clock)
    return clock


def take_long():
    here["clock"].advance(1000)


def test_a_task_puts_off_the_idle_timeout(lab: Lab, clock: Clock):
    lab.submit(take_long)
    waits = {"wait": lambda session, queues, timeout: clock.advance(timeout)}
    lab.altered(workers=waits).work(timeout_idle=60, poll_queue=5)
    assert clock.now == pytest.approx(1060, abs=0.1)
    assert lab.log()[-1] == "STOP OK (TIMEOUT)"


def test_a_message_does_not(lab: Lab, clock: Clock):
    sent = []

    def wait(session, queues, timeout):
        assert clock.now < 100, "each message restarts the timer"
        clock.advance(timeout)
        sent.append(lab.send({"command": "PING", "args": None}))

    lab.altered(workers={"wait": wait}).work(timeout_idle=60, poll_queue=5)
    assert len(lab.answers()) == len(sent)
    assert lab.log()[-1] == "STOP OK (TIMEOUT)"


def test_asked_to_stop_it_ends_its_task_and_takes_no_other(lab: Lab):
    first, second = lab.submit(stop_the_worker), lab.submit(abs, -1)
    here["w"] = lab.loop()
    here["w"].run()
    assert lab.value(first) == "done"
    assert lab.status(second) == TaskStatus.PENDING
    assert f"TASK_START {second}" not in lab.log()
    assert lab.log()[-1] == "STOP OK (asked in a task)"


def test_asked_to_stop_while_it_takes_a_task_it_gives_it_back(lab: Lab):
    task = lab.submit(abs, -1)
    step = lab.backend.queue.step

    def stop_in_between(*args):
        answer = step(*args)
        loop.request_stop("in between")
        return answer

    loop = lab.altered(queue={"step": stop_in_between}).loop()
    loop.run()
    assert lab.status(task) == TaskStatus.PENDING
    assert lab.backend.queue.waiting(QueueName("default")).tasks == (task,)
    lab.work("another")
    assert (lab.value(task), lab.record(task).attempt) == (1, 1)
