"""What is written down of a server, and what can be trusted of it later."""

import os
from pathlib import Path

import attrs
import psutil
import pytest

from rrq_backends.embedded.binary import Binary, Flavour, Version
from rrq_backends.embedded.record import (
    Host,
    ServerRecord,
    new_record,
    read_record,
    this_host,
    write_record,
)


@pytest.fixture
def record(tmp_path: Path) -> ServerRecord:
    """A record of this very process."""
    binary = Binary(path=Path("/bin/server"), flavour=Flavour.VALKEY, version=Version(9, 1))
    return new_record(os.getpid(), os.getppid(), tmp_path / "s", binary)


def test_a_record_reads_back_as_it_was_written(record: ServerRecord, tmp_path: Path) -> None:
    write_record(tmp_path / "server.json", record)
    assert read_record(tmp_path / "server.json") == record


def test_writing_leaves_nothing_but_the_record(record: ServerRecord, tmp_path: Path) -> None:
    write_record(tmp_path / "server.json", record)
    write_record(tmp_path / "server.json", record)
    assert [file.name for file in tmp_path.iterdir()] == ["server.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1}'])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert read_record(tmp_path / "server.json") is None


def test_no_file_is_no_record(tmp_path: Path) -> None:
    assert read_record(tmp_path / "server.json") is None


def test_a_process_is_found_by_its_number_and_start(record: ServerRecord) -> None:
    process = record.process()
    assert process is not None
    assert process.pid == os.getpid()


def test_a_process_that_got_the_number_later_is_not_taken_for_the_server(record: ServerRecord) -> None:
    assert attrs.evolve(record, started=record.started - 60).process() is None


def test_a_server_whose_parent_is_not_its_keeper_has_lost_it(record: ServerRecord) -> None:
    assert record.is_kept()
    assert not attrs.evolve(record, keeper=record.keeper + 1).is_kept()


def test_the_keeper_of_a_process_that_cannot_be_seen_is_assumed(record: ServerRecord) -> None:
    free = next(pid for pid in range(30_000, 1, -1) if not psutil.pid_exists(pid))
    assert attrs.evolve(record, pid=free).is_kept()


def test_a_host_is_the_same_after_a_new_name_or_a_new_start_but_not_after_both() -> None:
    host = Host(name="a", boot_id="1")
    assert host.may_be(Host(name="b", boot_id="1"))
    assert host.may_be(Host(name="a", boot_id="2"))
    assert not host.may_be(Host(name="b", boot_id="2"))


def test_this_host_stays_this_host() -> None:
    assert this_host() == this_host()
