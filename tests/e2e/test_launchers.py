"""Workers that are started in processes of their own, by our launcher and by a third party's."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

import rrq_backends.plugin
import rrq_core as rrq
from rrq_core import plugins
from rrq_core.plugins import Plugins, hookimpl, plugin_manager
from rrq_core.ports import Launcher
from rrq_core.ports.launcher import LAUNCH_LOG, NUMBER
from rrq_core.testing.waiting import wait_until
from tests.e2e.worker_lab import COMMAND
from tests.servers import PrivateServer, private_server


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with private_server() as server:
        yield server


@pytest.fixture
def q(server: PrivateServer, tmp_path: Path) -> Iterator[rrq.Controller]:
    with rrq.connect("lab", server.url) as controller:
        yield controller
        rrq.destroy(worker_stop_type="message", timeout_worker_stop=10)


def process_of(worker: str) -> psutil.Process:
    info = rrq.worker_info(worker)[worker]
    assert info is not None
    return psutil.Process(info.pid)


def test_workers_are_children_of_one_parent_and_have_sessions_of_their_own(q: rrq.Controller) -> None:
    with rrq.worker_spawn(3, worker_id_base="w") as workers:
        found = [process_of(id) for id in workers.id]
        (parent,) = {process.parent() for process in found}
        assert parent is not None
        assert parent.ppid() == os.getpid()
        assert os.getsid(0) not in {os.getsid(process.pid) for process in [parent, *found]}
        assert q.map(len, ["a", "bb"]).results() == [1, 2]
    assert not any(process.is_running() for process in [parent, *found])
    assert workers.is_alive() == dict.fromkeys(workers.id, False)
    assert rrq.worker_status(workers.id) == dict.fromkeys(workers.id, "EXITED")


def test_the_password_is_on_no_command_line(q: rrq.Controller, server: PrivateServer) -> None:
    with rrq.worker_spawn(1) as workers:
        worker = process_of(workers.id[0])
        words = [*worker.cmdline(), *psutil.Process(worker.ppid()).cmdline()]
        assert not any(str(server.port) in word for word in words)


def test_what_a_worker_prints_is_in_its_own_log(q: rrq.Controller, tmp_path: Path) -> None:
    with rrq.worker_spawn(2, logdir=tmp_path / "logs", worker_id_base="w") as workers:
        task = q.submit(print, "hello from a task")
        task.wait()
        assert "hello from a task" in workers.logs(str(task.info().worker))
        wait_until(lambda: workers.logs(0) == rrq.worker_process_log("w_1"), "nothing is printed between the two looks")


def test_a_killed_worker_is_lost_at_once_and_hinders_no_end(q: rrq.Controller) -> None:
    with rrq.worker_spawn(2, worker_id_base="w") as workers:
        process_of("w_1").send_signal(signal.SIGKILL)
        wait_until(lambda: rrq.worker_status("w_1") == {"w_1": "LOST"}, "it is lost", timeout=5)
        assert workers.is_alive() == {"w_1": False, "w_2": True}


def test_killing_goes_through_the_heartbeat(q: rrq.Controller) -> None:
    with rrq.worker_spawn(2, worker_id_base="w") as workers:
        victim = process_of("w_2")
        assert workers.kill(1) == ["w_2"]
        wait_until(lambda: not workers.is_alive("w_2")["w_2"], "it is dead", timeout=5)
        assert not victim.is_running() or victim.status() == psutil.STATUS_ZOMBIE
        assert workers.is_alive("w_1") == {"w_1": True}


def test_a_killed_worker_without_a_heartbeat_hinders_no_end(q: rrq.Controller) -> None:
    rrq.worker_config_save("quiet", rrq.worker_config(heartbeat_period=None))
    with rrq.worker_spawn(1, name_config="quiet") as workers:
        wait_until(lambda: rrq.worker_log_tail()[0].command == "QUEUE", "its parent knows that it is there")
        process_of(workers.id[0]).send_signal(signal.SIGKILL)


def test_a_block_that_fails_stops_tasks_that_do_not_end(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rrq_core.client.worker_manager.GRACE", 0.1)
    task, workers = q.submit(time.sleep, 1000), rrq.worker_spawn(1)
    wait_until(lambda: task.status() == "RUNNING", "the task runs")
    with pytest.raises(RuntimeError, match="on purpose"), workers:
        raise RuntimeError("on purpose")
    assert task.status() == "DIED"
    assert workers.is_alive() == {workers.id[0]: False}


def test_workers_outlive_the_process_that_started_them(
    q: rrq.Controller, server: PrivateServer, tmp_path: Path
) -> None:
    program = (
        f"import rrq_core as rrq; q = rrq.connect('lab', {server.url!r}); "
        f"rrq.worker_spawn(1, logdir={str(tmp_path)!r}, worker_id_base='w', controller=q)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert q.submit(len, "abc").result(timeout=10) == 3
    process = process_of("w_1")
    assert rrq.worker_stop("w_1", timeout=10) == ["w_1"]
    wait_until(lambda: not process.is_running(), "its process has ended")


def test_workers_that_fail_before_they_come_up_are_told_with_the_end_of_their_log(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "attrs.py").write_text("raise ImportError('these attrs are not those attrs')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(rrq.WorkerTimeout, match=r"failed before it came up.*\n(.*\n)*.*not those attrs"):
        rrq.worker_spawn(2, timeout=30)
    assert rrq.worker_list() == []


def test_if_one_of_several_fails_before_it_comes_up_none_stays(q: rrq.Controller, tmp_path: Path) -> None:
    with rrq.worker_spawn(1, worker_id_base="w"):
        words = [COMMAND, "lab", "--url", q.url, "--worker-id", "w", "--workers", "3"]
        ran = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 2
        assert "'w_1' is alive" in ran.stderr
        assert "a worker failed before it came up" in ran.stderr
        assert rrq.worker_list() == ["w_1"]


def test_workers_that_are_late_are_told_and_stopped(q: rrq.Controller) -> None:
    with pytest.raises(rrq.WorkerTimeout, match=r"not up after 0\.01 s: w_1, w_2"):
        rrq.worker_spawn(2, timeout=0.01, worker_id_base="w")
    assert rrq.worker_list() == []


def test_an_id_of_one_that_has_left_is_used_again(q: rrq.Controller) -> None:
    for _ in range(2):
        with rrq.worker_spawn(1, worker_id_base="again"):
            assert rrq.worker_list() == ["again_1"]


class Plain(Launcher):
    """A third party's: it does no more than to start a command n times."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []

    def launch(
        self, command: Sequence[str], n: int, env: Mapping[str, str], options: Mapping[str, object]
    ) -> list[str]:
        for number in range(1, n + 1):
            with open(env[LAUNCH_LOG], "ab") as log:
                more = {NUMBER: str(number)} if options.get("numbered") else {}
                self.processes.append(subprocess.Popen(command, env={**os.environ, **env, **more}, stdout=log))
        return [str(process.pid) for process in self.processes]

    def stop(self, launched: Sequence[str]) -> None:
        for process in self.processes:
            process.terminate()
            process.wait()


class Theirs:
    """Their plugin."""

    @hookimpl
    def rrq_register_launchers(self, register: Callable[[str, Callable[[], Launcher]], None]) -> None:
        register("plain", Plain)


@pytest.fixture
def their_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = plugin_manager()
    for plugin in (rrq_backends.plugin, Theirs()):
        manager.register(plugin)
    found = Plugins(manager)
    monkeypatch.setattr(plugins, "installed_plugins", lambda: found)


@pytest.mark.parametrize("numbered", [False, True])
def test_a_launcher_of_a_third_party_starts_workers(
    q: rrq.Controller, their_plugin: None, tmp_path: Path, numbered: bool
) -> None:
    options = {"numbered": numbered}
    with rrq.worker_spawn(
        3, tmp_path / "logs", worker_id_base="w", launcher="plain", launcher_options=options
    ) as workers:
        assert workers.is_alive() == {"w_1": True, "w_2": True, "w_3": True}
        assert q.map(len, ["a", "bb"]).results() == [1, 2]
        assert q.submit(os.getenv, NUMBER).result() is None  # a task may start workers of its own
        assert all("ALIVE" in "\n".join(workers.logs(id)) for id in workers.id)
    assert workers.is_alive() == dict.fromkeys(workers.id, False)
