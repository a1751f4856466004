"""A server that is killed and comes back: workers and waiters go on, results are there, what was acknowledged stays."""

import os
import threading
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.errors import BackendUnavailable
from rrq_core.testing.waiting import wait_until
from tests.servers import PrivateServer


def hold(started: str, until: str) -> int:
    """Say that it began, and go on until it may end."""
    Path(started).touch()
    wait_until(lambda: os.path.exists(until), "it may end", timeout=60)
    return os.getpid()


def test_a_result_computed_while_the_server_is_away_is_delivered(server: PrivateServer, tmp_path: Path) -> None:
    started, until = tmp_path / "started", tmp_path / "until"
    with (
        rrq.connect("lab", server.url, by_value=[__name__]) as controller,
        rrq.worker_spawn(1, progress=False),
    ):
        task = controller.submit(hold, str(started), str(until))
        wait_until(started.exists, "the task runs")
        server.kill()
        until.touch()
        server.start()
        assert isinstance(task.result(timeout=30), int)
        (record,) = [entry for entry in rrq.worker_log_tail(n=None) if entry.command == "TASK_START"]
        assert record.message == task.id


def test_a_waiter_and_an_idle_worker_outlive_two_kills_of_the_server(server: PrivateServer) -> None:
    with (
        rrq.connect("lab", server.url) as controller,
        rrq.worker_spawn(1, progress=False),
    ):
        early = controller.submit(os.getpid)
        pid = early.result(timeout=10)
        waiting = controller.options(queue="nobody-listens").submit(os.getpid)
        outcome: list[object] = []

        def wait() -> None:
            try:
                outcome.append(rrq.task_wait(waiting, timeout=60, progress=False, controller=controller))
            except LookupError as error:
                outcome.append(error)

        waiter = threading.Thread(target=wait)
        waiter.start()
        for _ in range(2):
            server.kill()
            server.start()
        assert controller.submit(os.getpid).result(timeout=30) == pid
        assert early.result(timeout=5) == pid
        rrq.task_delete(waiting)
        waiter.join(timeout=30)
        assert isinstance(outcome[0], LookupError)


def test_a_server_that_is_down_is_said_at_once(server: PrivateServer) -> None:
    server.kill()
    with pytest.raises(BackendUnavailable, match=rf"127\.0\.0\.1:{server.port}.*embedded://"):
        rrq.connect("lab", server.url)


def test_a_wrong_password_is_said_at_once(server: PrivateServer) -> None:
    with server.client() as client:
        client.config_set("requirepass", "right")
    with pytest.raises(PermissionError, match="refuses this user or password"):
        rrq.connect("lab", server.url.replace("redis://", "redis://:wrong@"))
