"""A queue on a server of a test's own, and the worker processes that the test starts for it."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import define, field

from rrq_core.model.ids import QueueName, TaskId, WorkerId, new_task_id
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import NewTask, TaskField, TaskRecord
from rrq_core.payload import CallEncoder, Context, Failure, PayloadKind, decode_failure, decode_value
from rrq_core.ports import Backend
from rrq_core.testing.waiting import wait_until
from tests.servers import PrivateServer

COMMAND = str(Path(sys.executable).with_name("rrq-worker"))
FIELDS = frozenset({TaskField.STATUS, TaskField.WORKER, TaskField.VALUE, TaskField.REASON})
VALUE = Context(kind=PayloadKind.VALUE, queue_id="lab")

TASKS = textwrap.dedent(
    """
    import multiprocessing, os, pathlib, time

    def work(started, until):
        pathlib.Path(started).touch()
        while not os.path.exists(until):
            time.sleep(0.01)
        return os.getpid()

    def clean_up(started, cleaned):
        try:
            work(started, "/nowhere")
        finally:
            pathlib.Path(cleaned).touch()

    def deaf(started):
        while True:
            try:
                work(started, "/nowhere")
            except BaseException:
                pass

    def give(n):
        return os.urandom(n)

    def nothing():
        pass

    def end_a_fork():
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(1000,))
        process.start()
        process.terminate()
        process.join()
        return process.exitcode
    """
)


@define(kw_only=True)
class Lab:
    """A queue on that server, and the worker processes that a test started for it."""

    server: PrivateServer
    backend: Backend
    workers: "list[subprocess.Popen[str]]" = field(factory=list)

    @property
    def directory(self) -> Path:
        return self.server.directory

    def start(self, *options: str) -> "subprocess.Popen[str]":
        words = [COMMAND, "lab", "--url", self.server.url, "--worker-id", "w", *options]
        pipe = subprocess.PIPE
        worker = subprocess.Popen(
            words, cwd=self.directory, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )
        self.workers.append(worker)
        wait_until(lambda: worker.poll() is not None or self.is_there(), "the worker is up")
        return worker

    def kill_all(self) -> None:
        """Kill the workers, and what their tasks have started."""
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.communicate()

    def submit(self, name: str, *args: object) -> TaskId:
        """Submit a call of one of TASKS, which the worker imports from its working directory."""
        task = new_task_id()
        with modules_of(self.directory):
            call = CallEncoder(getattr(__import__("tasks_of_w"), name), "lab").encode(task, args, {})
        self.backend.queue.submit([NewTask(id=task, body=call.body, queue=QueueName("default"), call=call.call)])
        return task

    def submit_and_await_start(self, name: str, *args: object) -> TaskId:
        started = self.directory / "started"
        task = self.submit(name, str(started), *args)
        wait_until(started.exists, "the task has started")
        return task

    def record(self, task: TaskId) -> TaskRecord:
        record = self.backend.queue.read([task], FIELDS, follow=False)[0]
        assert record is not None
        return record

    def value(self, task: TaskId) -> object:
        return decode_value(self._outcome(task, TaskStatus.COMPLETE), VALUE)

    def failure(self, task: TaskId) -> Failure:
        return decode_failure(self._outcome(task, TaskStatus.ERROR), VALUE)

    def _outcome(self, task: TaskId, status: TaskStatus) -> bytes:
        wait_until(lambda: self.record(task).status.is_terminal, "the task is over", timeout=30)
        record = self.record(task)
        assert record.status == status
        return record.value.data

    def status_of_worker(self) -> WorkerStatus | None:
        found = self.backend.workers.read([WorkerId("w")], frozenset(WorkerStatus))
        return found[0].status if found else None

    def is_there(self) -> bool:
        return self.status_of_worker() in (WorkerStatus.IDLE, WorkerStatus.BUSY)

    def log(self) -> list[str]:
        entries = self.backend.workers.log_tail([WorkerId("w")], None)
        return [f"{entry.command} {entry.message}".rstrip() for entry in entries]


@contextmanager
def modules_of(directory: Path) -> Iterator[None]:
    """Let the modules of a directory be imported meanwhile."""
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        sys.path.remove(str(directory))
