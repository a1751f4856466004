"""The environment of real workers: in the worker and in the processes of its tasks, broken, mended, changed."""

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define

import rrq_core as rrq
from rrq_core.model.ids import DEFAULT_QUEUE, new_task_id
from rrq_core.model.task import NewTask
from rrq_core.payload import CallEncoder
from rrq_core.testing.waiting import wait_until
from tests.e2e.process_lab import await_deaths
from tests.servers import private_server

TIMEOUT = 30
ONCE = """
from pathlib import Path
made = Path(__file__).with_name("made")
if made.exists():
    raise LookupError("only there")
made.touch()
def rate(): return 1
"""
HANGS_THE_SECOND_TIME = """
import os, time
from pathlib import Path
made = Path(__file__).with_name("made")
if made.exists():
    made.write_text(str(os.getpid()))
    time.sleep(1000)
made.touch()
def rate(): return 1
"""
BOTH = pytest.mark.parametrize("separate", [False, True], ids=["in the worker", "in a process"])


@define(kw_only=True)
class World:
    """A queue with one worker, and a source file of its environment, `model.py`, that only it runs."""

    queue: rrq.Controller
    directory: Path
    worker: str

    def write(self, text: str) -> None:
        (self.directory / "model.py").write_text(text)

    def set_model(self, text: str) -> None:
        """Set the environment to be what this text makes."""
        self.write(text)
        rrq.worker_envir_set(rrq.envir(sources=self.directory / "model.py"), notify=False)
        self.refresh()

    def refresh(self) -> object:
        return rrq.message_send_and_wait("REFRESH", timeout=TIMEOUT, progress=False)[self.worker]

    def submit(self, separate: bool) -> "rrq.Task[object]":
        """Submit a call of `rate` of a module `model`, which the worker cannot import."""
        id = new_task_id()
        body = CallEncoder(importlib.import_module("model").rate, self.queue.queue_id).encode(id, (), {})
        self.queue.backend.queue.submit(
            [NewTask(id=id, body=body.body, queue=DEFAULT_QUEUE, call=body.call, separate_process=separate)]
        )
        return self.queue.task(id)

    def rates(self) -> list[object]:
        return [self.submit(separate).result(timeout=TIMEOUT) for separate in (False, True)]

    def expressed(self) -> list[object]:
        """What an expression gives, in the worker and in a process of its own, and what EVAL does."""
        tasks = [rrq.task_create_expr("rate() + 0", separate_process=separate) for separate in (False, True)]
        evaluated = rrq.message_send_and_wait("EVAL", "rate()", timeout=TIMEOUT, progress=False)[self.worker]
        return [*(task.result(timeout=TIMEOUT) for task in tasks), evaluated]

    def log(self) -> list[str]:
        entries = rrq.worker_log_tail(self.worker, None)
        return [f"{entry.command} {entry.message}" for entry in entries if entry.child is None]


@pytest.fixture(scope="module")
def queue() -> Iterator[rrq.Controller]:
    with private_server() as server, rrq.connect("lab", server.url) as queue:
        yield queue


@pytest.fixture
def start(queue: rrq.Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], World]]:
    """Start a worker. Only afterwards has this process a module `model`."""
    managers: list[rrq.WorkerManager] = []
    here, there = tmp_path / "here", tmp_path / "there"

    def start() -> World:
        manager = rrq.worker_spawn(1, progress=False)
        managers.append(manager)
        here.mkdir()
        (here / "model.py").write_text("def rate(): raise NotImplementedError")
        monkeypatch.syspath_prepend(here)
        return World(queue=queue, directory=there, worker=manager.id[0])

    there.mkdir()
    yield start
    sys.modules.pop("model", None)
    for manager in managers:
        manager.stop(timeout=TIMEOUT)
    rrq.worker_envir_set(None)


@pytest.fixture
def world(start: Callable[[], World]) -> World:
    return start()


def test_a_changed_source_is_seen_after_a_refresh_and_a_mended_one_too(world: World) -> None:
    world.set_model("def rate(): return 1")
    assert world.rates() == [1, 1]
    world.write("def rate(): return 2")
    assert world.refresh() == "OK"
    assert world.rates() == [2, 2]
    world.write("def rate(): return 3\nprint(undefined_name)")
    answer = world.refresh()
    assert isinstance(answer, rrq.MessageError)
    assert "undefined_name" in str(answer)
    world.write("def rate(): return 4")
    assert world.refresh() == "OK"
    assert world.rates() == [4, 4]


def test_expressions_and_eval_see_its_names_and_after_a_refresh_the_new_ones(world: World) -> None:
    world.set_model("def rate(): return 1")
    assert world.expressed() == [1, 1, 1]
    world.write("def rate(): return 2")
    assert world.refresh() == "OK"
    assert world.expressed() == [2, 2, 2]


def test_a_changed_module_that_a_source_imports_is_seen_after_a_refresh(world: World) -> None:
    base = world.directory / "base_of_model.py"
    base.write_text("RATE = 1")
    world.set_model(
        f"import sys\nsys.path.insert(0, {str(world.directory)!r})\n"
        "from base_of_model import RATE\ndef rate(): return RATE"
    )
    assert world.rates() == [1, 1]
    base.write_text("RATE = 2")
    assert world.refresh() == "OK"
    assert world.rates() == [2, 2]


def test_a_module_that_was_edited_is_said_until_a_refresh(world: World) -> None:
    paths, model = world.directory / "paths.py", world.directory / "model.py"
    paths.write_text(f"import sys\nsys.path.insert(0, {str(world.directory)!r})\nimport model")
    world.write("def rate(): raise LookupError('not yet')")
    rrq.worker_envir_set(rrq.envir(sources=paths), notify=False)
    world.refresh()
    world.submit(True).wait(TIMEOUT)  # what tasks are forked from has imported it, too
    world.write("def rate(): return 2")
    for separate in (False, True, False):
        with pytest.raises(LookupError, match="not yet") as caught:
            world.submit(separate).result(timeout=TIMEOUT)
        assert isinstance(caught.value, rrq.TaskError)
        (said,) = caught.value.__notes__
        assert f"{model} was edited" in said
        assert said in caught.value.trace
        assert caught.value.warnings == (said,)
    assert wait_until(lambda: [line for line in world.log() if "STALE" in line], "it is in the log") == [
        f"STALE {model}"
    ]
    assert world.refresh() == "OK"
    assert world.rates() == [2, 2]


@BOTH
def test_each_task_tells_what_broke_the_environment_and_the_worker_lives(world: World, separate: bool) -> None:
    world.set_model("def rate(): return 1\n1 / 0")
    with pytest.raises(rrq.EnvironmentBroken, match="ZeroDivisionError: division by zero") as caught:
        world.submit(separate).result(timeout=TIMEOUT)
    assert "1 / 0" in caught.value.trace
    assert "ENVIR ERROR ZeroDivisionError: division by zero" in world.log()
    assert rrq.worker_status(world.worker)[world.worker] == "IDLE"


def test_a_worker_that_starts_with_a_broken_environment_waits_to_be_mended(
    queue: rrq.Controller, start: Callable[[], World]
) -> None:
    rrq.worker_envir_set(lambda names: names["no such name"])
    world = start()
    with pytest.raises(rrq.EnvironmentBroken, match="KeyError"):
        world.submit(False).result(timeout=TIMEOUT)
    world.set_model("def rate(): return 1")
    assert world.rates() == [1, 1]


def test_what_breaks_in_the_zygote_alone_is_the_error_of_its_tasks(world: World) -> None:
    world.set_model(ONCE)
    assert world.submit(False).result(timeout=TIMEOUT) == 1
    with pytest.raises(rrq.EnvironmentBroken, match="LookupError: only there"):
        world.submit(True).result(timeout=TIMEOUT)
    assert "ENVIR ERROR LookupError: only there" in wait_until(
        lambda: [line for line in world.log() if "ERROR" in line], "the log says so"
    )


def test_the_log_says_when_an_environment_is_made_in_the_worker_and_in_a_process(world: World) -> None:
    world.set_model("def rate(): return 1")
    assert world.rates() == [1, 1]
    entries = [entry for entry in rrq.worker_log_tail(world.worker, None) if entry.command == "ENVIR"]
    made = [(entry.message, entry.child is None) for entry in entries]
    assert made == [("new", True), ("new", True), ("create", True), ("new", False)]


def test_a_worker_that_is_killed_while_its_zygote_makes_the_environment_leaves_nothing(
    start: Callable[[], World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    world = start()
    world.set_model(HANGS_THE_SECOND_TIME)
    world.submit(True)
    zygote = int(wait_until((world.directory / "made").read_text, "the zygote makes it", timeout=TIMEOUT))
    assert list(scratch.glob("rrq-worker-*"))
    os.kill(rrq.worker_info(world.worker)[world.worker].pid, signal.SIGKILL)
    await_deaths([zygote])
    assert not list(scratch.glob("rrq-worker-*"))
