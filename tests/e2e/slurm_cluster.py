"""A Slurm of one machine, in a directory of its own: what a cluster is to those who submit jobs."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from rrq_core.testing.waiting import wait_until
from tests.servers import free_port

SBIN = "/usr/sbin:/usr/local/sbin"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
CONFIGURATION = """
    ClusterName=lab
    SlurmctldHost={host}(127.0.0.1)
    SlurmUser=root
    SlurmdUser=root
    AuthType=auth/munge
    AuthInfo=socket={directory}/munge.sock
    StateSaveLocation={directory}/state
    SlurmdSpoolDir={directory}/spool
    SlurmctldPidFile={directory}/slurmctld.pid
    SlurmdPidFile={directory}/slurmd.pid
    SlurmctldLogFile={directory}/slurmctld.log
    SlurmdLogFile={directory}/slurmd.log
    SlurmctldPort={controller_port}
    SlurmdPort={port}
    ProctrackType=proctrack/linuxproc
    TaskPlugin=task/none
    JobAcctGatherType=jobacct_gather/none
    SelectType=select/cons_tres
    SelectTypeParameters=CR_CPU
    ReturnToService=2
    MpiDefault=none
    KillWait=5
    NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
    PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def what_is_missing() -> str | None:
    """Why no cluster can be started here, None if one can."""
    if os.getuid() != 0:
        return "the daemons of Slurm need to be started by root"
    missing = [program for program in PROGRAMS if find(program) is None]
    return f"Slurm is not installed: there is no {', '.join(missing)}" if missing else None


def find(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ['PATH']}:{SBIN}")


@contextmanager
def slurm_cluster() -> Iterator[Path]:
    """Start a cluster; give its slurm.conf. It is gone at the end, with all its jobs."""
    with TemporaryDirectory(prefix="rrq-slurm-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # munged insists
        configuration = write_configuration(directory)
        try:
            start(directory, configuration)
            yield configuration
        finally:
            for daemon in ("slurmd", "slurmctld", "munged"):
                stop(directory / f"{daemon}.pid")


def write_configuration(directory: Path) -> Path:
    for folder in ("state", "spool"):
        (directory / folder).mkdir()
    key = directory / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    text = textwrap.dedent(CONFIGURATION).format(
        host=socket.gethostname().partition(".")[0],
        directory=directory,
        controller_port=free_port(),
        port=free_port(),
    )
    (directory / "slurm.conf").write_text(text)
    return directory / "slurm.conf"


def start(directory: Path, configuration: Path) -> None:
    files = {"socket": "munge.sock", "key-file": "munge.key", "pid-file": "munged.pid", "log-file": "munged.log"}
    places = [f"--{option}={directory / file}" for option, file in {**files, "seed-file": "munged.seed"}.items()]
    run("munged", "--force", *places)
    run("slurmctld", "-f", str(configuration))
    run("slurmd", "-f", str(configuration))
    wait_until(lambda: is_idle(configuration), "the node of the cluster is idle", timeout=20)


def run(program: str, *words: str) -> None:
    subprocess.run([str(find(program)), *words], check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)


def is_idle(configuration: Path) -> bool:
    asked = ["sinfo", "--noheader", "--format=%T"]
    env = {**os.environ, "SLURM_CONF": str(configuration)}
    return subprocess.run(asked, env=env, capture_output=True, text=True, timeout=20).stdout.strip() == "idle"


def stop(pid_file: Path) -> None:
    """Stop a daemon and wait for its end."""
    if not pid_file.exists():
        return
    daemon = int(pid_file.read_text())
    with suppress(ProcessLookupError):
        os.kill(daemon, signal.SIGTERM)
    wait_until(lambda: has_ended(daemon), f"{pid_file.stem} has ended", timeout=20)


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
