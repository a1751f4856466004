"""A worker's place in its queue: its heartbeat, its end, and how it comes back."""

from collections.abc import Callable

import pytest
from attrs import evolve

from rrq_core.errors import InvalidArgument, WorkerIdTaken, WorkerLost
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import WorkerId
from rrq_core.model.report import Recovered
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.work import Session
from rrq_core.worker import WorkerLoop, WorkerSetup
from rrq_core.worker.beater.link import Beater
from tests.unit.worker.lab import SOON, Lab

KEY = "lab:worker:w:heartbeat"


class NotedBeater(Beater):
    """Beats for nobody, and notes what it is told. `lost`: what it says of the session."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.sessions: list[Session] = []
        self.expected: list[str] = []
        self.lost: Callable[[], bool] = lambda: False

    def expect(self, session: Session) -> None:
        self.expected.append(session.token)

    def watch(self, session: Session) -> None:
        self.told.append("watch")
        self.sessions.append(session)

    def is_lost(self) -> bool:
        return self.lost()

    def close(self) -> None:
        self.told.append("close")


def loop_of(lab: Lab, beater: Beater, *, exit_when_lost: bool = False, **config: object) -> WorkerLoop:
    setup = WorkerSetup(
        queue_id=lab.backend.queue_id,
        url=lab.backend.url,
        worker_id=WorkerId("w"),
        config_name="localhost",
        config=WorkerConfig(**{"timeout_idle": SOON, **config}),
        exit_when_lost=exit_when_lost,
    )
    return WorkerLoop(lab.backend, setup, printer=lab.printed.append, beater=beater)


def test_the_beater_is_told_the_session_and_stops_before_the_worker_leaves(lab: Lab) -> None:
    beater = NotedBeater()
    loop = loop_of(lab, beater)
    assert beater.sessions == [loop.session]
    loop.run()
    assert beater.told[:2] == ["watch", "close"]
    assert lab.log() == [
        f"HEARTBEAT {KEY}",
        "HEARTBEAT OK",
        "ALIVE",
        "ENVIR new",
        "QUEUE default",
        "HEARTBEAT stopping",
        "STOP OK (TIMEOUT)",
    ]


def test_the_key_lapses_after_three_periods(lab: Lab) -> None:
    loop = loop_of(lab, NotedBeater(), heartbeat_period=7)
    (remaining,) = lab.backend.heartbeat.remaining([KEY])
    assert remaining == pytest.approx(21, abs=1)
    assert loop.info.heartbeat_key == KEY == lab.info().heartbeat_key


def test_without_a_period_there_is_no_heartbeat(lab: Lab) -> None:
    loop = loop_of(lab, NotedBeater(), heartbeat_period=None)
    assert loop.session.heartbeat_key is None
    assert lab.info().heartbeat_key is None


def test_a_beater_that_does_not_come_up_leaves_no_worker(lab: Lab) -> None:
    beater = NotedBeater()
    beater.watch = lambda session: exec("raise OSError('no such program')")  # type: ignore[method-assign]
    with pytest.raises(OSError, match="no such program"):
        loop_of(lab, beater)
    assert lab.log() == ["STOP OK (no heartbeat: no such program)"]


def lose(lab: Lab, session: Session) -> None:
    lab.backend.workers.leave(session, WorkerStatus.LOST, "declared lost")


def test_a_worker_whose_beater_hears_that_it_is_lost_drops_what_it_has_and_comes_back(lab: Lab) -> None:
    beater = NotedBeater()
    loop = loop_of(lab, beater, timeout_idle=1000)
    loop.step(immediate=True)
    lose(lab, loop.session)
    beater.lost = lambda: len(beater.sessions) == 1
    assert loop.step(immediate=True)
    loop.step(immediate=True)
    assert beater.sessions == [beater.sessions[0], loop.session]
    assert lab.log()[-5:] == ["LOST", f"HEARTBEAT {KEY}", "HEARTBEAT OK", "ALIVE", "QUEUE default"]


def test_the_outcome_of_a_session_that_is_over_changes_nothing(lab: Lab) -> None:
    loop = loop_of(lab, NotedBeater(), timeout_idle=1000)
    task = lab.submit(abs, -1)
    loop.poll(immediate=True)
    lose(lab, loop.session)
    assert lab.status(task) == TaskStatus.DIED
    loop.step(immediate=True)
    assert lab.status(task) == TaskStatus.DIED
    assert lab.backend.queue.check() == []


def test_told_to_exit_when_lost_it_does(lab: Lab) -> None:
    loop = loop_of(lab, NotedBeater(), exit_when_lost=True)
    lose(lab, loop.session)
    with pytest.raises(WorkerLost, match="'w'"):
        loop.run()
    assert [line for line in lab.printed if line.endswith(" LOST")]
    (record,) = lab.backend.workers.read([WorkerId("w")], frozenset(WorkerStatus))
    assert record.status == WorkerStatus.LOST


def test_it_does_not_come_back_where_another_has_its_id(lab: Lab) -> None:
    loop = loop_of(lab, NotedBeater())
    lose(lab, loop.session)
    loop_of(lab, NotedBeater())
    with pytest.raises(WorkerIdTaken, match="'w'"):
        loop.run()


def test_a_directory_of_logs_is_made(lab: Lab, tmp_path) -> None:
    lab.loop(logdir=str(tmp_path / "a" / "b"))
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_directory_of_logs_that_cannot_be_written_is_named_and_nobody_registers(lab: Lab, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidArgument, match=r"'localhost' cannot be written.*file/logs"):
        lab.loop(logdir=str(tmp_path / "file" / "logs"))
    assert lab.backend.workers.read(None, frozenset(WorkerStatus)) == []


def test_an_idle_worker_wakes_when_something_falls_due_and_sees_to_the_queue(lab: Lab) -> None:
    slept, recovered = [], []

    def step(*arguments: object):
        return evolve(lab.backend.queue.step(*arguments), look_again=0.1)

    def wait(session: Session, queues: object, timeout: float) -> None:
        slept.append(timeout)
        lab.backend.workers.wait(session, (), timeout)

    def recover(now: bool = False):
        recovered.append(len(slept))
        loop.request_stop("enough")
        return Recovered()

    altered = lab.altered(queue={"step": step, "recover": recover}, workers={"wait": wait})
    loop = altered.loop(poll_queue=1000, timeout_idle=1000)
    loop.run()
    assert (slept[:1], recovered) == ([pytest.approx(0.1)], [1])


def test_the_beater_knows_of_each_session_before_it_begins(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    beater, known = NotedBeater(), []
    register = lab.backend.workers.register

    def noted(*arguments: object) -> Session:
        known.append(list(beater.expected))
        return register(*arguments)

    monkeypatch.setattr(lab.backend.workers, "register", noted)
    loop = loop_of(lab, beater)
    assert known == [[loop.session.token]]
    loop.sign_off("enough")
