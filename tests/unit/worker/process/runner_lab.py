"""Tasks that are run in real processes, by a runner without a worker."""

import os
import sys
from pathlib import Path

from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import DEFAULT_QUEUE, QueueId, WorkerId, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Standing
from rrq_core.model.work import Claim, Session, Work
from rrq_core.payload import CallEncoder
from rrq_core.plugins import open_backend
from rrq_core.worker.process.link import Surroundings
from rrq_core.worker.process.news import News
from rrq_core.worker.process.runner import SeparateProcesses
from rrq_core.worker.process.watch import Watch

QUEUE = QueueId("lab")


def work_of(function: object, *args: object) -> Work:
    task = new_task_id()
    call = CallEncoder(function, QUEUE).encode(task, args, {})
    return Work(
        claim=Claim(session=Session(worker=WorkerId("w"), token="t"), task=task, attempt=1),
        root=task,
        body=call.body,
        queue=DEFAULT_QUEUE,
        separate_process=True,
        timeout=None,
        values={value.hash: bytes(value.data or b"") for value in call.values},
        results={},
        checkpoint=None,
    )


class Lab:
    """Runs tasks in processes of a zygote that begins with some code; `create` is their environment's function."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._made: list[SeparateProcesses] = []
        self.lines: list[str] = []
        self.standing = Standing.HELD
        self.create: bytes | None = None

    def run(self, processes: SeparateProcesses, work: Work) -> TaskStatus:
        """Run a task, note the lines for the log, and give its status."""
        ran = processes.run(work)
        assert ran.finished is not None
        self.note(ran.news)
        return ran.finished.status

    def _tell(self, claim: Claim, news: News) -> Standing:
        self.note(news)
        return self.standing

    def note(self, news: News) -> None:
        self.lines += [f"{line.command} {line.message}".rstrip() for line in news.lines]

    def processes(self, beginning: str = "", **config: object) -> SeparateProcesses:
        (self._directory / "sitecustomize.py").write_text(beginning)
        surroundings = Surroundings(
            directory=str(self._directory),
            environment={**os.environ, "PYTHONPATH": str(self._directory)},
            path=[str(self._directory), *sys.path],
        )
        workers = open_backend("memory://runner", QUEUE).workers
        watch = Watch(workers, self._tell, 1000.0)
        made = SeparateProcesses(
            QUEUE, WorkerConfig(**config), surroundings, watch, lambda: self.create, is_threaded=False
        )
        self._made.append(made)
        return made

    def close(self) -> None:
        for made in self._made:
            made.close()
