"""An embedded server is used only where no other user can reach it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rrq_backends.embedded.ownership import check_private_socket, make_private_directory
from rrq_core.errors import BackendDenied, InvalidArgument


@pytest.fixture
def private() -> Iterator[Path]:
    with TemporaryDirectory() as directory:
        yield Path(directory)


@pytest.fixture
def bound(private: Path) -> Iterator[Path]:
    path = private / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(0o700)
        yield path


def test_a_new_directory_is_closed_to_others(private: Path) -> None:
    make_private_directory(private / "a" / "b")
    assert (private / "a" / "b").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o770])
def test_a_directory_that_is_open_to_others_is_refused(private: Path, mode: int) -> None:
    private.chmod(mode)
    with pytest.raises(BackendDenied, match=rf"mode {mode:04o}.*chmod 700 '{private}'"):
        make_private_directory(private)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_the_directory_of_another_user_is_refused(private: Path) -> None:
    os.chown(private, 12345, -1)
    with pytest.raises(BackendDenied, match="belongs to the user with id 12345"):
        make_private_directory(private)


def test_a_file_in_the_way_is_named(private: Path) -> None:
    file = private / "file"
    file.touch()
    with pytest.raises(InvalidArgument, match=str(file)):
        make_private_directory(file)
    with pytest.raises(InvalidArgument, match=str(file)):
        make_private_directory(file / "below")


def test_a_private_socket_is_fine(bound: Path) -> None:
    check_private_socket(bound)


def test_a_socket_that_is_open_to_others_is_refused(bound: Path) -> None:
    bound.chmod(0o777)
    with pytest.raises(BackendDenied, match="open to other users"):
        check_private_socket(bound)


def test_a_socket_in_a_directory_that_is_open_to_others_is_refused(bound: Path) -> None:
    bound.parent.chmod(0o777)
    with pytest.raises(BackendDenied, match="mode 0777"):
        check_private_socket(bound)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a socket away")
def test_the_socket_of_another_user_is_refused(bound: Path) -> None:
    os.chown(bound, 12345, -1)
    with pytest.raises(BackendDenied, match="12345"):
        check_private_socket(bound)


def test_what_is_no_socket_is_refused_even_through_a_link(bound: Path) -> None:
    link = bound.parent / "link"
    link.symlink_to(bound)
    with pytest.raises(BackendDenied, match="is not"):
        check_private_socket(link)
