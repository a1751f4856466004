"""A worker with a server of its own, whose tasks run in processes of their own."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from attrs import frozen

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.e2e import tasks_in_processes
from tests.embedded_places import is_alive

BY_VALUE = [tasks_in_processes.__name__]


@frozen(kw_only=True)
class ProcessLab:
    """One queue and one worker. `directory` is for what tasks leave there."""

    queue: rrq.Controller
    workers: rrq.WorkerManager
    directory: Path

    def submit(self, function: object, *args: object, **options: object) -> "rrq.Task[object]":
        return self.queue.options(separate_process=True, **options).submit(function, *args)

    def run(self, function: object, *args: object, **options: object) -> object:
        return self.submit(function, *args, **options).result(timeout=30)

    def error(self, task: "rrq.Task[object]", status: str) -> rrq.TaskError:
        """The error of a task that ends so."""
        assert task.wait(timeout=30) is False
        assert task.status() == status
        error = rrq.task_result(task, controller=self.queue)
        assert isinstance(error, rrq.TaskError)
        return error

    def started(self, function: object, **options: object) -> "tuple[rrq.Task[object], list[int]]":
        """Submit a task that writes process ids into a file when it has begun, and wait until it has."""
        file = self.directory / f"started-{os.urandom(4).hex()}"
        task = self.submit(function, str(file), **options)
        pids = wait_until(lambda: file.exists() and file.read_text(), "the task has begun", timeout=30)
        return task, [int(pid) for pid in pids.split()]

    @property
    def worker(self) -> psutil.Process:
        (info,) = rrq.worker_info(controller=self.queue).values()
        return psutil.Process(info.pid)

    @property
    def zygote(self) -> psutil.Process:
        (zygote,) = self.worker.children()
        return zygote

    def log(self) -> list[str]:
        entries = rrq.worker_log_tail(self.workers.id, None, controller=self.queue)
        return [f"{entry.command} {entry.message}".rstrip() for entry in entries]


@contextmanager
def process_lab(url: str, directory: Path, **config: object) -> Iterator[ProcessLab]:
    """A worker that has run a task already, so that its zygote is there."""
    with rrq.connect("lab", url, by_value=BY_VALUE) as queue:
        rrq.worker_config_save("lab", rrq.worker_config(**config))
        with rrq.worker_spawn(1, name_config="lab", progress=False) as workers:
            lab = ProcessLab(queue=queue, workers=workers, directory=directory)
            lab.run(tasks_in_processes.where)
            yield lab


def await_deaths(pids: list[int]) -> None:
    """Wait until none of them runs."""
    wait_until(lambda: not any(map(is_alive, pids)), f"none of {pids} runs any more")


def kill(process: psutil.Process) -> None:
    os.kill(process.pid, signal.SIGKILL)
