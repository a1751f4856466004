"""The one server of a directory: found where it runs, started where it does not, stopped where it has no keeper."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from rrq_backends.embedded import keeper
from rrq_backends.embedded.binary import Binary, find_binary
from rrq_backends.embedded.locks import exclusive, is_held
from rrq_backends.embedded.ownership import check_private_directory, check_private_socket
from rrq_backends.embedded.place import DEFAULT_IDLE, Fsync, Place, new_socket_path
from rrq_backends.embedded.probe import FSYNC_ALWAYS, PING, Answer, ask
from rrq_backends.embedded.record import ServerRecord, new_record, read_record, this_host, write_record, write_whole
from rrq_core.errors import BackendError, BackendUnavailable

_PATIENCE = 30.0
_PAUSE = 0.005


def running_server(place: Place) -> Path:
    """Give the socket of the directory's server, which is started if it does not run. Safe to call from anywhere.

    Raises:
        BackendError: If there is no server program, it does not start, another machine or program owns the data, or
            other users could reach it.
    """
    _check_directory(place)
    record = read_record(place.record)
    _refuse_another_host(record, place)
    if record is not None and record.is_kept() and _answer(record.socket, place) is Answer.READY:
        return record.socket
    with exclusive(place.start_lock):
        return _found_or_started(place)


def stop_server(place: Place) -> None:
    """Stop the directory's server, if it runs; what it acknowledged is kept.

    Raises:
        BackendUnavailable: If it does not stop.
    """
    record = read_record(place.record)
    process = record.process() if record is not None else None
    if process is not None:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    deadline = time.monotonic() + _PATIENCE
    while is_held(place.server_lock):
        if time.monotonic() > deadline:
            raise BackendUnavailable(
                f"a server runs in '{place.directory}', cannot be reached and does not stop within {_PATIENCE:.0f} s. "
                f"{_last_words(place)}End it by hand: it is the process that has '{place.server_lock}' open"
            )
        time.sleep(_PAUSE)


def wish_idle(place: Place, minutes: float) -> None:
    """Set after how many minutes without a user the server stops. Who asked last is heard."""
    write_whole(place.idle_file, str(minutes))


def _check_directory(place: Place) -> None:
    try:
        check_private_directory(place.directory)
    except FileNotFoundError as error:
        raise BackendUnavailable(f"the directory of the embedded server is gone: '{place.directory}'") from error


def _found_or_started(place: Place) -> Path:
    record = read_record(place.record)
    _refuse_another_host(record, place)
    if is_held(place.server_lock):
        if record is not None and record.is_kept() and _answer(record.socket, place) is not Answer.NOBODY:
            _await_ready(place, record.socket)
            return record.socket
        stop_server(place)
    binary = find_binary()
    _refuse_data_of_another(record, binary, place)
    if record is not None:
        _remove_remains(record.socket)
    return _started(place, binary)


def _answer(path: Path, place: Place) -> Answer:
    try:
        check_private_socket(path)
    except FileNotFoundError:
        return Answer.NOBODY
    return ask(path, FSYNC_ALWAYS if place.fsync is Fsync.ALWAYS else PING)


def _started(place: Place, binary: Binary) -> Path:
    path = new_socket_path(place)
    check_private_directory(path.parent)
    wish_idle(place, DEFAULT_IDLE if place.idle is None else place.idle)
    try:
        _launch_keeper(place, binary, path)
        _await_ready(place, path)
    except BaseException:
        _remove_remains(path)
        raise
    return path


def _launch_keeper(place: Place, binary: Binary, path: Path) -> None:
    program = [sys.executable, "-I", "-S", keeper.__file__, str(place.directory), str(binary.path), str(path)]
    with (
        open(place.log, "ab", opener=_private) as log,
        subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=place.directory,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        numbers = process.stdout.readline().split()
        if len(numbers) != 2:
            raise BackendUnavailable(f"the embedded server in '{place.directory}' does not start. {_last_words(place)}")
        write_record(place.record, new_record(int(numbers[0]), int(numbers[1]), path, binary))
        process.stdin.write(b"k")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _await_ready(place: Place, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while (answer := _answer(path, place)) is not Answer.READY:
        if not is_held(place.server_lock):
            raise BackendUnavailable(f"the embedded server in '{place.directory}' ended. {_last_words(place)}")
        if answer is not Answer.LOADING and time.monotonic() > deadline:
            raise BackendUnavailable(
                f"the embedded server in '{place.directory}' does not answer within {_PATIENCE:.0f} s. "
                f"{_last_words(place)}"
            )
        time.sleep(_PAUSE)


def _last_words(place: Place) -> str:
    try:
        lines = place.log.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    return f"The end of '{place.log}': " + " | ".join(lines[-5:]) + " "


def _remove_remains(path: Path) -> None:
    with suppress(OSError):  # what is in the way of nobody may stay
        path.unlink(missing_ok=True)
        if path.parent.name.startswith(keeper.TEMPORARY):
            path.parent.rmdir()


def _refuse_another_host(record: ServerRecord | None, place: Place) -> None:
    here = this_host()
    if record is not None and not record.host.may_be(here):
        raise BackendError(
            f"the embedded server in '{place.directory}' belongs to the host {record.host.name!r}, and this is "
            f"{here.name!r}: hosts that share a disk cannot share an embedded server. Start a Redis or Valkey that "
            "both reach and use redis://, or choose a directory for each host. If that host is no more (or this one "
            f"has got another name), remove '{place.record}'"
        )


def _refuse_data_of_another(record: ServerRecord | None, binary: Binary, place: Place) -> None:
    if record is None or (record.flavour is binary.flavour and record.version <= binary.version):
        return
    raise BackendError(
        f"the data in '{place.directory}' were written by {record.flavour} {record.version}, and '{binary.path}' is "
        f"{binary.flavour} {binary.version}, which may not read them: set $RRQ_SERVER to a server of "
        f"{record.flavour}, version {record.version} or newer, or choose another directory"
    )
