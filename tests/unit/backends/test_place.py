"""Where an embedded server lives: URLs, directories and paths of sockets."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rrq_backends.embedded.place import (
    LONGEST_SOCKET_PATH,
    Fsync,
    Place,
    default_directory,
    new_socket_path,
    place_of,
)
from rrq_core.errors import InvalidArgument


def test_a_url_names_a_directory() -> None:
    assert place_of("embedded:///data/queue") == Place(directory=Path("/data/queue"))


def test_a_url_without_a_path_is_the_users_own_directory_of_this_host() -> None:
    assert place_of("embedded://").directory == default_directory()
    assert place_of("embedded://?idle=1").directory == default_directory()


def test_a_relative_path_is_taken_from_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    place = place_of("embedded://some/where?idle=2.5&fsync=always")
    monkeypatch.chdir("/")
    assert place_of(place.url).directory == tmp_path / "some" / "where"


@pytest.mark.parametrize(
    "name", ["with space", "100%", "50%41", "what?", "a#b", "ä€", "a&idle=3", "new\nline", "'quoted\""]
)
def test_the_url_of_a_place_opens_the_same_place(name: str) -> None:
    place = Place(directory=Path("/data") / name, idle=0.25, fsync=Fsync.ALWAYS)
    assert place_of(place.url) == place


def test_what_a_url_does_not_say_stays_open() -> None:
    assert Place(directory=Path("/data")).url == "embedded:///data"
    assert Place(directory=Path("/data"), idle=0).url == "embedded:///data?idle=0"


def test_an_unknown_option_is_an_error_that_names_those_that_exist() -> None:
    with pytest.raises(InvalidArgument, match=r"'fsyncs' \(it has: idle, fsync\)"):
        place_of("embedded:///data?fsyncs=always")


@pytest.mark.parametrize("value", ["", "soon", "-1", "inf", "nan"])
def test_idle_is_a_number_of_minutes(value: str) -> None:
    with pytest.raises(InvalidArgument, match=f"minutes, 0 or more, not '{value}'"):
        place_of(f"embedded:///data?idle={value}")


def test_fsync_is_one_of_two_words() -> None:
    with pytest.raises(InvalidArgument, match="everysec or always, not 'no'"):
        place_of("embedded:///data?fsync=no")


def test_the_socket_lies_in_the_runtime_directory_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    first, second = (new_socket_path(Place(directory=Path("/data") / name)) for name in "ab")
    assert first.parent == second.parent == tmp_path / "rrq"
    assert first != second
    assert first.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("runtime", ["", "relative", "/not/there"])
def test_without_a_runtime_directory_the_socket_lies_with_the_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runtime: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    assert new_socket_path(Place(directory=tmp_path)) == tmp_path / "server.sock"


def test_a_path_too_long_for_a_socket_is_replaced_by_a_private_temporary_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with TemporaryDirectory() as parent:
        room = LONGEST_SOCKET_PATH - len(f"{parent}//server.sock")
        fitting, too_long = (Place(directory=Path(parent) / ("y" * length)) for length in (room, room + 1))
        assert new_socket_path(fitting) == fitting.directory / "server.sock"
        monkeypatch.setattr("tempfile.tempdir", parent)
        path = new_socket_path(too_long)
        assert path.parent.parent == Path(parent)
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_length_of_a_path_is_counted_in_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("ü" * 50)))
    with pytest.raises(InvalidArgument, match=r"short enough .*\$TMPDIR"):
        new_socket_path(Place(directory=Path("/") / ("ü" * 50)))
