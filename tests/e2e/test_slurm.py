"""Workers on a Slurm that the tests start themselves."""

import math
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from rrq_core.worker.walltime import Walltime
from tests.e2e.pages import ROOT
from tests.e2e.slurm_cluster import slurm_cluster, what_is_missing
from tests.e2e.worker_lab import COMMAND
from tests.servers import private_server

MISSING = what_is_missing()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    with slurm_cluster() as configuration:
        yield configuration


@pytest.fixture
def q(cluster: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[rrq.Controller]:
    monkeypatch.setenv("SLURM_CONF", str(cluster))
    monkeypatch.setenv("RRQ_SECRET_KEY", "a secret that no command line tells anybody")
    monkeypatch.chdir(tmp_path)
    with private_server() as server, rrq.connect("lab", server.url) as controller:
        yield controller


def said(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=30).stdout


def jobs() -> list[str]:
    return said("squeue", "--noheader", "--format=%i %T").splitlines()


def test_an_array_of_workers_runs_tasks_and_ends_with_the_block(q: rrq.Controller, tmp_path: Path) -> None:
    options = {"partition": "main", "time": "10:00", "exclusive": False, "job_name": "measure"}
    with rrq.worker_spawn(2, worker_id_base="s", launcher="slurm", launcher_options=options) as workers:
        assert workers.is_alive() == {"s_1": True, "s_2": True}
        assert q.map(len, ["a", "bb", "ccc"]).results() == [1, 2, 3]
        assert said("squeue", "--noheader", "--format=%j %P %l").splitlines() == ["measure main 10:00"] * 2
        assert "ALIVE" in "\n".join(workers.logs("s_2"))
        assert (tmp_path / "rrq-logs" / "s_1").exists()
    wait_until(lambda: not jobs(), "the jobs are over", timeout=15)
    assert rrq.worker_status(workers.id) == {"s_1": "EXITED", "s_2": "EXITED"}


def test_nobody_reads_the_url_or_the_key_in_what_slurm_tells_of_a_job(q: rrq.Controller) -> None:
    with rrq.worker_spawn(1, launcher="slurm") as workers:
        (job,) = [line.split()[0] for line in jobs()]
        told = said("scontrol", "show", "job", job) + said("scontrol", "write", "batch_script", job, "-")
        assert workers.id[0].removesuffix("_1") in told
        assert q.url not in told
        assert os.environ["RRQ_SECRET_KEY"] not in told


def test_what_waits_for_room_is_cancelled_with_the_block(q: rrq.Controller) -> None:
    with rrq.worker_spawn(3, timeout=0, worker_id_base="s", launcher="slurm") as workers:
        rrq.worker_wait(["s_1", "s_2"], timeout=30)
        assert any(line.endswith("PENDING") for line in jobs())
        assert workers.is_alive("s_3") == {"s_3": False}
    wait_until(lambda: not jobs(), "the jobs are over", timeout=15)


def test_a_worker_knows_how_much_of_its_time_is_left(q: rrq.Controller) -> None:
    with rrq.worker_spawn(2, launcher="slurm", launcher_options={"time": "1:00"}):
        for left in q.map(time_left, range(2)).results():
            assert 30 < left <= 60


def test_a_worker_without_a_limit_has_all_the_time(q: rrq.Controller) -> None:
    with rrq.worker_spawn(1, launcher="slurm"):
        assert q.submit(time_left, 0).result() == math.inf


def time_left(number: int) -> float:
    return Walltime.of_this_job().remaining()


def test_a_task_of_the_array_may_be_several_workers(q: rrq.Controller) -> None:
    options = {"workers_per_task": 2}
    with rrq.worker_spawn(3, worker_id_base="s", launcher="slurm", launcher_options=options) as workers:
        assert rrq.worker_list() == workers.id == ["s_1", "s_2", "s_3"]
        assert len(jobs()) == 2


def test_workers_that_fail_before_they_come_up_are_told_with_the_end_of_their_log(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "attrs.py").write_text("raise ImportError('these attrs are not those attrs')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(rrq.WorkerTimeout, match=r"failed before it came up.*\n(.*\n)*.*not those attrs"):
        rrq.worker_spawn(2, timeout=30, launcher="slurm")
    assert jobs() == []


def test_the_example_brings_workers_too(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RRQ_URL", q.url)
    monkeypatch.setenv("PATH", f"{Path(COMMAND).parent}:{os.environ['PATH']}")
    job = said("sbatch", "--parsable", "--array=1-2", str(ROOT / "examples" / "slurm" / "workers.sbatch"), q.queue_id)
    try:
        assert q.submit(len, "abc").result(timeout=30) == 3
    finally:
        said("scancel", job.strip())
    wait_until(lambda: not jobs(), "the jobs are over", timeout=15)
    assert rrq.worker_list() == []


def test_what_slurm_refuses_is_told_in_its_words(q: rrq.Controller) -> None:
    with pytest.raises(rrq.LaunchFailed, match="partition"):
        rrq.worker_spawn(1, launcher="slurm", launcher_options={"partition": "moon"})
    with pytest.raises(rrq.InvalidArgument, match=r"no option 'partion'.*partition"):
        rrq.worker_spawn(1, launcher="slurm", launcher_options={"partion": "main"})
    assert jobs() == []
