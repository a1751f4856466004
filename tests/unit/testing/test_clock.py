"""A clock that stands still until it is moved, and all that goes by it."""

import ast
import math
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import fakeredis
import pytest

import rrq_core as rrq
from rrq_backends.memory import CLOCKED
from rrq_core.errors import InvalidArgument
from rrq_core.ports.clock import process_clock
from rrq_core.testing import Harness, ManualClock, wait_until
from rrq_core.testing.clock import Follower, following_clock

SOURCES = Path(fakeredis.__file__).parent
# What else reads the time: streams, filters, time series, ACL logs, client infos, pauses of clients, the time of the
# last SAVE: nothing of it is ours. `_selector` bounds how long a connection waits for a reply, by the machine's clock.
NOT_OURS = {
    "_core/_selector.py",
    "_core/_server.py",
    "commands_mixins/connection_mixin.py",
    "model/_client_info.py",
    "model/_stream.py",
    "model/_topk.py",
    "commands_mixins/stack/_timeseries_mixin.py",
}


def reads_time(file: Path) -> bool:
    """Whether a source calls something of the modules `time` or `datetime`, or imports something out of them."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module="time" | "datetime"):
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id="time" | "datetime"))):
                return True
    return False


def calls_of_time(file: Path) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id == "time"
    }


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with ManualClock() as clock:
        yield clock


def test_every_place_where_the_imitation_reads_the_time_is_known() -> None:
    found = {file.relative_to(SOURCES).as_posix() for file in SOURCES.rglob("*.py") if reads_time(file)}
    clocked = {Path(str(module.__file__)).relative_to(SOURCES).as_posix() for module in CLOCKED}
    assert found == clocked | NOT_OURS


@pytest.mark.parametrize("module", CLOCKED, ids=lambda module: module.__name__)
def test_the_imitation_asks_its_clock_for_nothing_but_the_time_of_day(module: object) -> None:
    assert calls_of_time(Path(str(module.__file__))) == {"time"}  # type: ignore[attr-defined]


def test_without_a_manual_clock_the_machine_tells_the_time() -> None:
    before = time.time(), time.monotonic()
    told = process_clock.time(), process_clock.monotonic()
    assert before <= told <= (time.time(), time.monotonic())


def test_it_stands_still_and_moves_as_far_as_it_is_moved(clock: ManualClock) -> None:
    began = process_clock.time(), process_clock.monotonic()
    assert (process_clock.time(), process_clock.monotonic()) == began
    clock.move(45.5)
    assert (process_clock.time() - began[0], process_clock.monotonic() - began[1]) == pytest.approx((45.5, 45.5))


@pytest.mark.parametrize("seconds", [-1, 0, math.inf, math.nan, True, "1"])
def test_it_goes_neither_back_nor_nowhere(clock: ManualClock, seconds: float) -> None:
    before = clock.time()
    with pytest.raises(InvalidArgument, match="seconds"):
        clock.move(seconds)
    assert clock.time() == before


def test_two_cannot_be_in_use(clock: ManualClock) -> None:
    with pytest.raises(InvalidArgument, match="already"), ManualClock():
        pass
    assert process_clock.time() == clock.time()


def test_after_it_the_machine_tells_the_time_again() -> None:
    with ManualClock() as clock:
        clock.move(1e6)
    assert process_clock.time() == pytest.approx(time.time(), abs=60)


def test_durations_never_go_back_whichever_clock_is_put_in_place() -> None:
    seen = [process_clock.monotonic()]
    for _ in range(2):
        with ManualClock() as clock:
            seen.append(process_clock.monotonic())
            clock.move(100)
            seen.append(process_clock.monotonic())
        seen.append(process_clock.monotonic())
    assert seen == sorted(seen)
    assert seen[-1] - seen[0] == pytest.approx(200, abs=60)


def test_a_worker_outlives_a_clock_that_was_moved(rrq_queue: rrq.Controller) -> None:
    rrq.worker_config_save("often", rrq.worker_config(heartbeat_period=0.1))
    with rrq.worker_spawn(name_config="often", worker_id_base="often"):
        with ManualClock() as clock:
            clock.move(10)
        beats = rrq_queue.backend.heartbeat
        key = rrq.worker_info("often_1")["often_1"].heartbeat_key
        assert key is not None
        wait_until(lambda: (beats.remaining([key])[0] or 1) < 0.3, "it has been beaten since")


def test_the_times_of_a_task_are_those_of_the_clock(rrq_clock: ManualClock, rrq_queue: rrq.Controller) -> None:
    began = rrq_clock.time()
    task = rrq_queue.options(delay=30.0).submit(abs, -1)
    rrq_clock.move(100)
    assert task.result(timeout=10) == 1
    times = task.times()
    assert times.submit == began
    assert began + 30 <= times.start <= began + 100  # type: ignore[operator]


def test_a_key_lapses_by_the_clock(rrq_clock: ManualClock, rrq_queue: rrq.Controller) -> None:
    task = rrq_queue.options(result_ttl=60).submit(abs, -1)
    task.wait(timeout=10)
    rrq_clock.move(50)
    assert task.status() == "COMPLETE"
    rrq_clock.move(20)
    assert task.status() == "MISSING"


def test_a_worker_that_lives_is_not_lost_however_far_the_clock_is_moved(
    rrq_clock: ManualClock, rrq_queue: rrq.Controller
) -> None:
    workers = rrq.worker_list()
    rrq_clock.move(3600)
    assert rrq.worker_list() == workers
    assert rrq_queue.submit(abs, -1).result(timeout=10) == 1


class Steps(Follower):
    """Notes when it was called."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.times = [clock.time()]

    def shortest_period(self) -> float:
        return math.inf

    def follow(self) -> None:
        self.times.append(self.clock.time())

    @property
    def longest(self) -> float:
        return max(after - before for before, after in pairwise(self.times))


def test_no_step_is_longer_than_a_period_of_a_thread_that_beats(
    rrq_clock: ManualClock, rrq_queue: rrq.Controller
) -> None:
    rrq.worker_config_save("often", rrq.worker_config(heartbeat_period=1.0))
    steps = Steps(rrq_clock)
    with rrq.worker_spawn(name_config="often"), following_clock(steps):
        rrq_clock.move(20)
    assert steps.longest == pytest.approx(1.0)


def test_no_step_is_longer_than_a_period_of_a_worker_that_is_stepped(rrq_harness: Harness) -> None:
    rrq_harness.worker("w", rrq.worker_config(heartbeat_period=1.0))
    steps = Steps(rrq_harness.clock)
    with following_clock(steps):
        rrq_harness.clock.move(20)
    assert steps.longest == pytest.approx(1.0)


def test_an_idle_time_runs_out_by_the_clock(rrq_clock: ManualClock, rrq_queue: rrq.Controller) -> None:
    rrq.worker_config_save("hasty", rrq.worker_config(timeout_idle=600, poll_queue=0.05))
    with rrq.worker_spawn(name_config="hasty", worker_id_base="hasty"):
        rrq_clock.move(599)
        assert rrq.worker_status("hasty_1") == {"hasty_1": "IDLE"}
        rrq_clock.move(2)
        wait_until(lambda: rrq.worker_status("hasty_1")["hasty_1"] == "EXITED", "it has left")
