"""The recipes for supervisors: they parse, and each command in them is one that rrq-worker takes."""

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from rrq_core.cli.worker import worker_parser
from tests.e2e.pages import ROOT
from tests.e2e.worker_lab import COMMAND

EXAMPLES = ROOT / "examples"
UNIT = EXAMPLES / "systemd" / "rrq-worker@.service"
DEPLOYMENT = EXAMPLES / "kubernetes" / "workers.yaml"
BATCH = EXAMPLES / "slurm" / "workers.sbatch"


def service() -> dict[str, str]:
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    return dict(unit["Service"])


def container() -> dict[str, object]:
    (one,) = pod()["containers"]
    return one


def pod() -> dict[str, list[dict[str, object]]]:
    return yaml.safe_load(DEPLOYMENT.read_text())["spec"]["template"]["spec"]


def command_of_batch() -> list[str]:
    (line,) = re.findall(r"^exec (.+)$", BATCH.read_text(), re.MULTILINE)
    return shlex.split(line)


@pytest.mark.parametrize(
    ("words", "queue"),
    [
        (shlex.split(service()["ExecStart"]), "%I"),
        ([*container()["command"], *container()["args"]], "my-queue"),
        (command_of_batch(), "$1"),
    ],
    ids=["systemd", "kubernetes", "slurm"],
)
def test_the_command_is_one_that_rrq_worker_takes(words: list[str], queue: str) -> None:
    assert Path(words[0]).name == "rrq-worker"
    assert worker_parser().parse_args(words[1:]).queue_id == queue


def test_systemd_asks_the_parent_alone_and_starts_again_what_fails() -> None:
    assert service()["KillMode"] == "mixed"
    assert service()["Restart"] == "on-failure"
    assert "RRQ_URL" not in service()["ExecStart"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text().replace("/srv/rrq/venv/bin/rrq-worker", COMMAND)
    (tmp_path / UNIT.name).write_text(text)
    instance = tmp_path / UNIT.name.replace("@", "@my-queue")
    ran = subprocess.run(["systemd-analyze", "verify", str(instance)], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_kubernetes_gives_the_url_from_a_secret_and_time_for_tasks() -> None:
    (variable,) = container()["env"]
    assert variable == {"name": "RRQ_URL", "valueFrom": {"secretKeyRef": {"name": "rrq", "key": "url"}}}
    assert pod()["terminationGracePeriodSeconds"] == 600
    assert set(container()["resources"]) == {"requests", "limits"}
