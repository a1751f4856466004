"""Runs tasks in processes of their own, one after another, on behalf of one worker."""

import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from attrs import evolve, frozen

from rrq_core.errors import EnvironmentBroken
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import QueueId
from rrq_core.model.task import TaskChange
from rrq_core.model.work import Claim, Finished, Work
from rrq_core.model.worker import NewLogEntry
from rrq_core.payload import Context, PayloadKind, RunOptions, read_run_options
from rrq_core.worker.line import one_line
from rrq_core.worker.process.course import Course, Result
from rrq_core.worker.process.ending import finish
from rrq_core.worker.process.exchange import LARGE_TO_START_WITH, run_frame, start_frame
from rrq_core.worker.process.limits import Limits
from rrq_core.worker.process.link import Plan, Surroundings, ZygoteGone, ZygoteLink
from rrq_core.worker.process.news import News
from rrq_core.worker.process.output import Output
from rrq_core.worker.process.stack import ChildStack
from rrq_core.worker.process.transport import Line
from rrq_core.worker.process.watch import Watch
from rrq_core.worker.run import not_begun

FORK_HELLO = 10.0
"""Seconds that a fork has to say hello."""

FRESH_HELLO = 60.0
"""Seconds that a fresh interpreter has."""


@frozen(kw_only=True)
class Ran:
    """A task that has run: its finish, None where nobody wants it any more, and what is to be told of it before."""

    finished: Finished | None
    news: News


class SeparateProcesses:
    """Runs tasks in processes of their own. The zygote is started with the first, and anew when it has ended.

    Args:
        queue_id: The queue.
        config: How the worker behaves.
        surroundings: What the worker was started with.
        watch: What talks with the store while a process runs; it is closed with this.
        create: Gives the create function of the environment as it was sent, None if there is none.
        is_threaded: Whether the worker is a thread among others: then its processes are fresh interpreters.
    """

    def __init__(
        self,
        queue_id: QueueId,
        config: WorkerConfig,
        surroundings: Surroundings,
        watch: Watch,
        create: Callable[[], bytes | None],
        *,
        is_threaded: bool,
    ) -> None:
        self._queue_id = queue_id
        self._config = config
        self._watch = watch
        self._surroundings = surroundings
        self._create = create
        self._stack = ChildStack()
        self._zygote: ZygoteLink | None = None
        self._scratch: Path | None = None
        self._told_way: str | None = None
        self._told: EnvironmentBroken | None = None
        self._always_fresh = "this worker is a thread" if is_threaded else None
        if config.process == "fresh":
            self._always_fresh = "its configuration says so"
        self._why_fresh = self._always_fresh

    def run(self, work: Work) -> Ran:
        """Run a task, which has all its values, and wait for its end.

        Raises:
            OSError: If what it prints cannot be written, or no process can be started.
            StoppedNow: If this process is to stop at once. The task's process has been ended.
        """
        scratch = self._scratch_directory()
        directory = scratch if self._config.logdir is None else Path(self._config.logdir)
        output = Output(directory / work.claim.task)
        try:
            result = self._result(work, output)
            log = output.tail()
        except EnvironmentBroken as broken:
            return self._not_begun(work, broken)
        finally:
            output.close()
            if self._config.logdir is None:
                output.path.unlink(missing_ok=True)
        return Ran(finished=self._finish(work, result, log), news=result.news)

    def refresh(self) -> None:
        """Let the processes of later tasks know nothing of what was loaded, or found out, before."""
        self._end_zygote()
        self._why_fresh = self._always_fresh

    def deaf_for(self) -> float:
        """Give the seconds for which the worker's wake-ups may still be heard here; 0 if they are not."""
        return self._watch.deaf_for()

    def show_stack(self) -> None:
        """Have the stack of the process that runs told, as a line of the log. In any thread."""
        self._stack.ask()

    def close(self) -> None:
        """End the zygote, and remove the scratch directory."""
        self._watch.close()
        self._stack.close()
        self._end_zygote()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def _finish(self, work: Work, result: Result, log: bytes) -> Finished | None:
        if result.outcome is not None:
            return evolve(result.outcome, log=log)
        if result.verdict is not None:
            return evolve(finish(work.claim, self._queue_id, result.verdict), log=log)
        return None

    def _not_begun(self, work: Work, broken: EnvironmentBroken) -> Ran:
        line = NewLogEntry(command="ENVIR", message=f"ERROR {one_line(broken.summary)}")
        news = News() if broken is self._told else News(lines=(line,))
        self._told = broken
        return Ran(finished=not_begun(work, self._queue_id, broken), news=news)

    def _result(self, work: Work, output: Output) -> Result:
        context = Context(kind=PayloadKind.TASK, queue_id=self._queue_id, names=(work.root,))
        options = read_run_options(work.body, context)
        course = self._begin(work, options, output)
        try:
            return course.follow(self._first_news(work, course.pid, output))
        finally:
            course.close()

    def _begin(self, work: Work, options: RunOptions, output: Output) -> Course:
        """Start a process that says hello. A fork that does not is replaced by a fresh interpreter, now and later."""
        is_fork, course = self._start(work, options, output)
        timeout = FORK_HELLO if is_fork else FRESH_HELLO
        if course.says_hello(timeout):
            return course
        course.close()
        if not is_fork:
            raise ChildProcessError(f"its process did not come up in {timeout:g} s; see what the worker prints")
        self._stay_fresh(f"a fork did not say hello in {timeout:g} s")
        return self._begin(work, options, output)

    def _start(self, work: Work, options: RunOptions, output: Output) -> tuple[bool, Course]:
        """Start a process; tell also whether it is a fork."""
        try:
            return self._start_by(self._living_zygote(), work, options, output)
        except ZygoteGone:  # it was killed since we last heard of it
            self._end_zygote()
            return self._start_by(self._living_zygote(), work, options, output)

    def _start_by(self, zygote: ZygoteLink, work: Work, options: RunOptions, output: Output) -> tuple[bool, Course]:
        is_fresh = self._why_fresh is not None
        run = run_frame(work, self._queue_id)
        goes_along = not is_fresh and sum(map(len, run.parts)) <= LARGE_TO_START_WITH
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                start = start_frame(
                    {**options.env, **_told(work.claim)},
                    (theirs.fileno(), output.descriptor),
                    is_fresh=is_fresh,
                    run=run if goes_along else None,
                )
                pid = zygote.start(start)
        except BaseException:
            ours.close()
            raise
        course = Course(
            work.claim,
            pid,
            None if goes_along else run,
            line=Line(ours, self._scratch_directory()),
            link=zygote,
            watch=self._watch,
            stack=self._stack,
            limits=Limits(work.timeout, options.memory, zygote.pid),
            grace=self._config.timeout_process_die,
        )
        return not is_fresh, course

    def _first_news(self, work: Work, pid: int, output: Output) -> News:
        logfile = None if self._config.logdir is None else str(output.path)
        lines = [
            NewLogEntry(command="REMOTE", message=work.claim.task),
            NewLogEntry(command="CHILD", child=pid),
            NewLogEntry(command="ENVIR", message="new", child=pid),
        ]
        if self._why_fresh is not None and self._why_fresh != self._told_way:
            self._told_way = self._why_fresh
            lines.insert(0, NewLogEntry(command="FRESH", message=self._why_fresh))
        return News(change=TaskChange(pid=pid, logfile=logfile), lines=tuple(lines))

    def _living_zygote(self) -> ZygoteLink:
        """Give the zygote, started if there is none.

        Raises:
            EnvironmentBroken: If it could not make its environment.
        """
        if self._zygote is not None and not self._zygote.is_running:
            self._end_zygote()
        if self._zygote is None:
            self._zygote = self._new_zygote()
        if self._zygote.ready.broken is not None:
            raise self._zygote.ready.broken.with_traceback(None)  # it is raised for each task
        return self._zygote

    def _new_zygote(self) -> ZygoteLink:
        """Start a zygote; where it turns out that it cannot be forked, another one that does not hold all of that."""
        plan = self._plan()
        zygote = ZygoteLink(self._surroundings, plan)
        reason = zygote.ready.against_forking
        if not plan.forks or self._config.process is not None or reason is None:
            return zygote
        self._stay_fresh(reason)
        if plan.create is None:
            return zygote
        zygote.close()
        return ZygoteLink(self._surroundings, self._plan())

    def _plan(self) -> Plan:
        scratch, create, file = self._scratch_directory(), self._create(), None
        if create is not None:
            file = scratch / "create"
            file.write_bytes(create)
        return Plan(scratch=scratch, queue_id=self._queue_id, create=file, forks=self._why_fresh is None)

    def _stay_fresh(self, reason: str) -> None:
        """Start fresh interpreters from now on."""
        self._why_fresh = self._why_fresh or reason

    def _end_zygote(self) -> None:
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def _scratch_directory(self) -> Path:
        if self._scratch is None or not self._scratch.exists():  # a zygote whose end we did not want removes it
            self._scratch = Path(tempfile.mkdtemp(prefix="rrq-worker-"))
        return self._scratch


def _told(claim: Claim) -> dict[str, str]:
    """Give the environment variables by which a process can tell what it is for."""
    return {"RRQ_TASK_ID": claim.task, "RRQ_WORKER_ID": claim.session.worker, "RRQ_ATTEMPT": str(claim.attempt)}
