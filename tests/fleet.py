"""Processes of `rrq-worker` that a test starts, whatever they start in turn, and the queue that they work for."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from attrs import define, field

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.servers import PrivateServer

COMMAND = str(Path(sys.executable).with_name("rrq-worker"))
BEATER = "rrq_core.worker.beater"


def work_until(go: str, begun: str) -> int:
    """Tell that it has begun: a task that was claimed and not yet begun is given back by a worker that is to stop."""
    Path(begun).touch()
    while not os.path.exists(go):
        time.sleep(0.01)
    return os.getpid()


@define(kw_only=True)
class Fleet:
    """A queue, and what was started for it."""

    server: PrivateServer
    queue: rrq.Controller
    started: "list[subprocess.Popen[str]]" = field(factory=list)
    seen: set[psutil.Process] = field(factory=set)

    def configure(self, **config: object) -> None:
        """Set how workers behave that are started from now on."""
        rrq.worker_config_save("localhost", rrq.worker_config(**config), controller=self.queue)

    def start(self, *words: str, ids: "tuple[str, ...] | str" = ("w",)) -> "subprocess.Popen[str]":
        """Start the command, and wait until workers of these ids have come up."""
        process = self.begin(*words)
        rrq.worker_wait(list(ids), timeout=30, progress=False, controller=self.queue)
        self.look()
        return process

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Start the command."""
        process = subprocess.Popen(
            [COMMAND, "lab", "--url", self.server.url, "--worker-id", "w", *words],
            cwd=self.server.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def look(self) -> None:
        """Note what runs now, so that it is ended with the test."""
        for process in self.started:
            with suppress(psutil.NoSuchProcess):
                self.seen |= {psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)}

    def process(self, worker: str = "w") -> psutil.Process:
        """Give the process of a worker."""
        return psutil.Process(rrq.worker_info(worker, controller=self.queue)[worker].pid)

    def beater(self, worker: str = "w") -> psutil.Process:
        """Give the process that beats for a worker as its child."""
        found = wait_until(lambda: beaters_of(self.process(worker)), f"there is a beater of {worker}")
        self.seen.add(found[0])
        return found[0]

    def await_beat(self, worker: str = "w") -> None:
        """Wait until a worker's heartbeat was renewed, so that its beater is up."""
        await_renewal(self.server, f"lab:worker:{worker}:heartbeat")

    def status(self, worker: str = "w") -> str:
        """Tell where a worker stands."""
        return str(rrq.worker_status(worker, controller=self.queue)[worker])

    def log(self, worker: str = "w") -> list[str]:
        """Give the lines of a worker's log."""
        entries = rrq.worker_log_tail(worker, n=None, controller=self.queue)
        return [f"{entry.command} {entry.message}".rstrip() for entry in entries]

    def begun(self, directory: Path, **options: object) -> rrq.Task:
        """Give a task that has begun, and ends when there is a file `go` in this directory."""
        task = self.queue.options(**options).submit(work_until, str(directory / "go"), str(directory / "begun"))
        wait_until((directory / "begun").exists, "the task has begun")
        return task

    def running(self, task: rrq.Task) -> str:
        """Wait until a task runs; give its worker."""
        wait_until(lambda: task.status() == "RUNNING", "the task runs")
        worker = task.info().worker
        assert worker is not None
        return worker

    def end(self) -> None:
        """End all that is left."""
        self.look()
        for process in self.seen:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for process in self.started:
            process.communicate()


def remaining(server: PrivateServer, key: str) -> int:
    """Milliseconds until a key lapses."""
    with server.client() as client:
        return client.pttl(key)


def await_renewal(server: PrivateServer, key: str) -> None:
    """Wait until a key was renewed."""
    seen = [remaining(server, key)]

    def is_renewed() -> bool:
        seen.append(remaining(server, key))
        return seen[-1] > seen[-2]

    wait_until(is_renewed, f"{key} was renewed", timeout=20)


def beaters_of(process: psutil.Process) -> list[psutil.Process]:
    """Give the beaters among the children of a process."""
    return [child for child in process.children() if any(BEATER in word for word in _words(child))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def ended(process: "subprocess.Popen[str]", timeout: float = 15.0) -> tuple[int, str]:
    """Wait until a process has ended; give its exit status, and what it has printed."""
    printed, _ = process.communicate(timeout=timeout)
    return process.returncode, printed


@contextmanager
def fleet_on(server: PrivateServer, *modules: str) -> Iterator[Fleet]:
    """A queue whose workers beat often; functions of these modules are sent by value."""
    with rrq.connect("lab", server.url, by_value=(__name__, *modules)) as queue:
        fleet = Fleet(server=server, queue=queue)
        fleet.configure(heartbeat_period=0.5, poll_queue=1)
        try:
            yield fleet
        finally:
            fleet.end()
