"""Where workers are started: which launchers there are, what they are given, and what is refused before they start."""

from collections.abc import Mapping
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_backends.launchers.local import LocalLauncher
from rrq_backends.launchers.slurm import SlurmLauncher
from rrq_core.client.crew import Crew, import_path
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import WorkerId
from rrq_core.plugins import open_launcher
from rrq_core.ports.launcher import LAUNCH_LOG
from rrq_core.testing.waiting import wait_until
from tests.unit.client.test_worker_exits import register


def crew(q: rrq.Controller, directory: Path, base: str = "w", n: int = 2) -> Crew:
    return Crew(
        connection=q, base=WorkerId(base), n=n, config_name="localhost", config=WorkerConfig(), directory=directory
    )


def test_our_launchers_are_found_by_name() -> None:
    assert isinstance(open_launcher("local"), LocalLauncher)
    assert isinstance(open_launcher("slurm"), SlurmLauncher)


def test_an_unknown_launcher_is_answered_with_those_that_exist() -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"launcher is named 'pbs'.*there are: local, slurm"):
        open_launcher("pbs")


def test_the_url_is_in_the_environment_and_not_in_the_command(q: rrq.Controller, tmp_path: Path) -> None:
    made = crew(q, tmp_path)
    assert not any(q.url in word for word in made.command())
    assert made.env()["RRQ_URL"] == q.url


def test_a_queue_id_may_look_like_an_option(url: str, tmp_path: Path) -> None:
    with rrq.connect("--workers", url) as q:
        assert crew(q, tmp_path).command()[-2:] == ("--", "--workers")


@pytest.mark.parametrize(
    "given", [{"launcher": "slurm"}, {"launcher": "pbs"}, {"launcher_options": {"partition": "main"}}]
)
def test_threads_are_started_by_no_launcher(q: rrq.Controller, given: Mapping[str, object]) -> None:
    with pytest.raises(rrq.InvalidArgument, match="threads of this process"):
        rrq.worker_spawn(1, **given)  # type: ignore[arg-type]
    assert rrq.worker_list() == []


def test_an_id_whose_worker_has_no_heartbeat_is_taken_until_it_is_deleted(q: rrq.Controller) -> None:
    register(q, "w_1")
    with pytest.raises(rrq.WorkerIdTaken, match=r"'w_1' is alive: choose another worker_id_base.*worker_delete_exited"):
        rrq.worker_spawn(2, worker_id_base="w")
    assert rrq.worker_list() == ["w_1"]


def test_an_id_whose_worker_is_gone_without_a_word_is_free(q: rrq.Controller) -> None:
    register(q, "w_1", period=0.01)
    wait_until(lambda: q.backend.heartbeat.remaining(["lab:worker:w_1:heartbeat"]) == [None], "it has lapsed")
    with rrq.worker_spawn(1, worker_id_base="w"):
        assert rrq.message_send_and_wait("PING", timeout=10) == {"w_1": "PONG"}


def test_options_are_given_by_name(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match="dict of options by name"):
        rrq.worker_spawn(1, launcher_options=["partition"])  # type: ignore[arg-type]


def test_the_local_launcher_has_no_options(tmp_path: Path) -> None:
    with pytest.raises(rrq.InvalidArgument, match="'local' has no options, and was given 'partition'"):
        LocalLauncher().launch(["true", "--"], 1, {LAUNCH_LOG: str(tmp_path / "w")}, {"partition": "main"})


def test_other_processes_import_what_is_imported_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    entries = import_path().split(":")
    assert entries[0] == str(tmp_path)
    assert not [entry for entry in entries if entry.endswith("site-packages")]


def launch_by_slurm(directory: Path, **options: object) -> None:
    SlurmLauncher().launch(["run", "--", "it"], 2, {LAUNCH_LOG: str(directory / "w")}, options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"workers_per_task": 0}, "workers_per_task is how many .* not 0"),
        ({"array": "1-9"}, "'array' of sbatch is for the launcher"),
        ({"open_mode": "truncate"}, "'open-mode' of sbatch is for the launcher"),
        ({"nodelist": ["a", "b"]}, r"'nodelist' of sbatch is a string, a number, True or False, not \['a', 'b'\]"),
    ],
)
def test_an_option_that_slurm_cannot_be_given_is_refused(
    tmp_path: Path, options: Mapping[str, object], says: str
) -> None:
    with pytest.raises(rrq.InvalidArgument, match=says):
        launch_by_slurm(tmp_path, **options)


def test_where_there_is_no_slurm_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(rrq.LaunchFailed, match="'sbatch', which is not on PATH"):
        launch_by_slurm(tmp_path)
