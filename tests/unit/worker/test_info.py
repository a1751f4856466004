"""What a worker tells of itself, also where the machine does not tell everything."""

import getpass
import os
from pathlib import Path

import pytest
from attrs import asdict

from rrq_core.model.worker import WorkerInfo
from rrq_core.worker import info
from tests.unit.worker.lab import Lab


def test_a_process_is_known_by_boot_and_pid(lab: Lab):
    lab.work()
    assert lab.info().pid == os.getpid()
    assert lab.info().boot_id == info.boot_id()


def test_what_a_later_version_tells_besides_is_left_out(lab: Lab):
    lab.work()
    told = lab.info()
    assert WorkerInfo.from_record({**asdict(told), "queues": list(told.queues), "colour": "red"}) == told


def test_where_linux_does_not_name_the_boot_its_time_does(monkeypatch):
    monkeypatch.setattr(info, "_LINUX_BOOT_ID", Path("/nowhere"))
    assert int(info.boot_id()) > 1_000_000_000


@pytest.mark.parametrize("error", [KeyError("no such user"), OSError("no such user")])
def test_a_user_without_a_name_is_a_number(lab: Lab, monkeypatch, error):
    def nobody():
        raise error

    monkeypatch.setattr(getpass, "getuser", nobody)
    lab.work()
    assert lab.info().username == str(os.getuid())


def test_a_working_directory_that_is_gone_is_no_obstacle(lab: Lab, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    lab.work()
    assert lab.info().cwd == "(deleted)"


def test_the_versions_of_packages_that_are_developed_are_told(lab: Lab, tmp_path, monkeypatch):
    for name, files in {
        "mine": ["METADATA", "direct_url.json"],
        "bought": ["METADATA"],
        "removed": ["direct_url.json"],
    }.items():
        installed = tmp_path / f"{name}-2.5.dist-info"
        installed.mkdir()
        for file in files:
            (installed / file).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
    monkeypatch.syspath_prepend(tmp_path)
    lab.work()
    told = lab.info().libraries
    assert told["mine"] == "2.5"
    assert not {"bought", "removed"} & told.keys()
