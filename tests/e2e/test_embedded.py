"""`embedded://`: a private server that starts when it is needed, and stops when it is not."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import rrq_core as rrq
from rrq_backends.embedded import keeper
from rrq_core.errors import BackendUnavailable, InvalidArgument
from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from tests.embedded_places import EmbeddedPlace, await_death, embedded_place, is_alive


@pytest.fixture
def place() -> Iterator[EmbeddedPlace]:
    with embedded_place() as place:
        yield place


def test_twenty_processes_at_once_start_one_server_and_all_reach_it(place: EmbeddedPlace) -> None:
    said = place.run(
        """
        import os
        from rrq_core.plugins import open_backend
        from rrq_core.model.setting import SettingKind, SettingName
        import rrq_backends.embedded.server, rrq_backends.redis.backend

        (waiting, go), (arrivals, arrived), (staying, leave) = os.pipe(), os.pipe(), os.pipe()
        pids = []
        for number in range(20):
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    os.close(go), os.close(leave)
                    os.read(waiting, 1)
                    backend = open_backend(URL, "lab")
                    backend.settings.put(SettingName(kind=SettingKind.WORKER_CONFIG, name=str(number)), b"here")
                    os.write(arrived, b"!")
                    os.read(staying, 1)
                    status = 0
                finally:
                    os._exit(status)
            pids.append(pid)
        os.close(go), os.close(arrived)
        for _ in pids:
            os.read(arrivals, 1)
        backend = open_backend(URL, "lab")
        os.close(leave)
        print([os.waitpid(pid, 0)[1] for pid in pids])
        print(len(backend.settings.names(SettingKind.WORKER_CONFIG)))
        """
    )
    assert said.splitlines() == [str([0] * 20), "20"]
    assert place.starts() == 1


def test_the_server_stops_when_nobody_uses_it_and_waiting_tasks_are_there_next_time(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.url) as q:
        tasks = [q.submit(pow, 2, n).id for n in range(3)]
    place.await_end()
    assert not place.record().socket.exists()
    with rrq.connect("lab", place.url) as q:
        assert rrq.queue_list(controller=q) == tasks
    assert place.starts() == 2


def test_the_server_stays_while_anybody_uses_it(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.url) as first:
        with rrq.connect("lab", place.url):
            pass
        place.await_looks()
        assert first.submit(pow, 2, 2).status() == "PENDING"
    place.await_end()
    assert place.starts() == 1


def test_a_user_that_was_killed_is_a_user_no_more(place: EmbeddedPlace) -> None:
    program = f"import rrq_core, signal; rrq_core.connect('lab', {place.url!r}); print(1, flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"1\n"
        place.await_looks()
        assert place.runs()
        user.kill()
    place.await_end()


def test_a_forked_child_is_a_user_of_its_own(place: EmbeddedPlace) -> None:
    program = f"""
import os, signal, rrq_core
q = rrq_core.connect("lab", {place.url!r})
if os.fork() == 0:
    os.read(0, 1)  # until the test has seen that the server outlives the parent
    print(q.submit(pow, 2, 2).status(), flush=True)
    os._exit(0)
q.close()
"""
    user = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with user:
        assert user.wait(30) == 0
        place.await_looks()
        assert place.runs()
        said, _ = user.communicate(b"x", timeout=30)
    assert said == b"PENDING\n"
    place.await_end()


def test_who_asks_last_decides_how_long_the_server_stays_unused(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.at("idle=60")):
        pass
    place.await_looks()
    assert place.runs()
    with rrq.connect("lab", f"embedded://{place.directory}"):
        pass
    place.await_looks()
    assert place.runs()
    with rrq.connect("lab", place.url):
        pass
    place.await_end()


@pytest.mark.parametrize(("query", "kind"), [("idle=0", "everysec"), ("idle=0&fsync=always", "always")])
def test_each_write_is_on_disk_within_a_second_or_before_it_is_acknowledged(
    place: EmbeddedPlace, query: str, kind: str
) -> None:
    with rrq.connect("lab", place.at(query)), place.client() as client:
        assert client.config_get("append*") | client.config_get("maxmemory-policy") == {
            "appendonly": "yes",
            "appendfilename": "appendonly.aof",
            "appenddirname": "appendonlydir",
            "appendfsync": kind,
            "maxmemory-policy": "noeviction",
        }


def test_who_needs_each_write_on_disk_gets_it_from_a_server_that_runs(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.url), rrq.connect("lab", place.at("fsync=always")), place.client() as client:
        assert client.config_get("appendfsync") == {"appendfsync": "always"}
        with rrq.connect("lab", place.url):
            assert client.config_get("appendfsync") == {"appendfsync": "always"}


def test_nothing_but_its_socket_leads_to_it_and_no_other_user_gets_there(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.url):
        assert psutil.Process(place.record().pid).net_connections("inet") == []
        for path in [place.directory, *place.directory.iterdir()]:
            assert path.lstat().st_mode & 0o077 == 0, path


def test_an_interrupt_from_the_terminal_does_not_reach_it(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.url):
        record = place.record()
        assert os.getsid(record.pid) == os.getsid(record.keeper) != os.getsid(0)
        assert os.getpgid(record.pid) != os.getpgid(0)


def test_a_directory_with_any_name_will_do() -> None:
    with embedded_place('ä 100% "q" # \\') as place:
        with rrq.connect("lab", place.place.url) as q:
            assert q.submit(pow, 2, 2).status() == "PENDING"
            url = q.url
        place.await_end()
        with rrq.connect("lab", url) as q:
            assert len(rrq.task_list(controller=q)) == 1


def test_a_relative_directory_is_the_same_after_a_change_of_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    with embedded_place() as place:
        monkeypatch.chdir(place.directory.parent)
        with rrq.connect("lab", "embedded://d?idle=0") as q:
            monkeypatch.chdir("/")
            assert q.url == place.url
            with rrq.connect("lab", q.url):
                assert place.starts() == 1


def test_a_directory_too_deep_for_a_socket_has_it_elsewhere_and_leaves_nothing_there() -> None:
    with embedded_place("/".join(["deep" * 10] * 4)) as place:
        with rrq.connect("lab", place.url):
            socket = place.record().socket
            assert socket.parent.parent != place.directory
            assert socket.parent.name.startswith(keeper.TEMPORARY)
        place.await_end()
        assert not socket.parent.exists()


def test_the_socket_is_found_by_a_process_that_has_another_runtime_directory(
    place: EmbeddedPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with rrq.connect("lab", place.url):
        assert place.record().socket.parent == tmp_path / "rrq"
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        with rrq.connect("lab", place.url):
            assert place.starts() == 1


def test_the_keeper_stops_the_server_when_it_is_asked_to(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.url) as q:
        task = q.submit(pow, 2, 2)
        record = place.record()
        os.kill(record.keeper, signal.SIGTERM)
        await_death(record.keeper)
        assert not is_alive(record.pid)
    with rrq.connect("lab", place.url):
        assert rrq.task_exists(task)


def test_a_server_that_does_not_start_says_why(
    place: EmbeddedPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "server"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Valkey server v=9.1.2" || { echo no luck today; exit 1; }\n'
    )
    broken.chmod(0o755)
    monkeypatch.setenv("RRQ_SERVER", str(broken))
    with pytest.raises(BackendUnavailable, match=rf"(?s)'{place.directory}' ended.*server.log.*no luck today"):
        rrq.connect("lab", place.url)


def test_a_url_that_cannot_be_makes_no_directory(place: EmbeddedPlace) -> None:
    with pytest.raises(InvalidArgument, match="idle"):
        rrq.connect("lab", place.at("idle=never"))
    assert not place.directory.exists()


def test_a_closed_backend_does_not_start_the_server_again(place: EmbeddedPlace) -> None:
    backend = open_backend(place.url, QueueId("lab"))
    backend.close()
    place.await_end()
    with pytest.raises(BackendUnavailable, match="was closed"):
        next(backend.queue.tasks())
    assert place.starts() == 1
