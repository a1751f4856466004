"""One process of a task, from its start to its end, as its worker sees it."""

import signal
import time
from collections.abc import Sequence

from attrs import frozen

from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Standing
from rrq_core.model.work import Claim, Finished
from rrq_core.model.worker import NewLogEntry
from rrq_core.worker.process.ending import Verdict, broken, cancelled, died
from rrq_core.worker.process.exchange import OUTCOME, read_change, read_outcome
from rrq_core.worker.process.group import kill_session
from rrq_core.worker.process.limits import Limits
from rrq_core.worker.process.link import ZygoteGone, ZygoteLink
from rrq_core.worker.process.news import News
from rrq_core.worker.process.stack import ChildStack
from rrq_core.worker.process.transport import Damaged, Frame, Line, wait_for
from rrq_core.worker.process.watch import Watch
from rrq_core.worker.stacks import Stack, stack_entry

_LASTS = 0.05  # seconds after which the store is told of a process while it runs


@frozen(kw_only=True)
class Result:
    """How it went: the outcome that the task has told, or else a verdict; neither where nobody wants to know."""

    outcome: Finished | None
    verdict: Verdict | None
    news: News


class Course:
    """Follows a process that was started just now.

    Args:
        claim: The claim of its task.
        pid: Its process id.
        errand: The task, to be sent to it when it has said hello; None: it was born with it.
        line: The connection to it.
        link: Its zygote.
        watch: What talks with the store meanwhile.
        stack: What takes its stack when that is asked for.
        limits: How long and with how much memory it may run.
        grace: Seconds that it has to end when it is asked to.
    """

    def __init__(
        self,
        claim: Claim,
        pid: int,
        errand: Frame | None,
        *,
        line: Line,
        link: ZygoteLink,
        watch: Watch,
        stack: ChildStack,
        limits: Limits,
        grace: float,
    ) -> None:
        self.pid = pid
        self._claim = claim
        self._errand = errand
        self._line = line
        self._link = link
        self._watch = watch
        self._stack = stack
        self._limits = limits
        self._grace = grace
        self._news = News()
        self._began = time.monotonic()
        self._is_attended = self._is_unwanted = self._is_deaf = False
        self._early: list[Frame] = []
        self._outcome: Finished | None = None
        self._verdict: Verdict | None = None
        self._code = link.ended_early()
        self._kill_at: float | None = None

    def says_hello(self, timeout: float) -> bool:
        """Wait until the process is about to touch code of a user; one that does not say so in time is killed.

        Raises:
            ZygoteGone: If its zygote has ended.
        """
        until = self._began + timeout
        while self._code is None and (left := until - time.monotonic()) > 0:
            ready = wait_for(
                [self._link.fileno()] if self._is_deaf else [self._line.fileno(), self._link.fileno()], left
            )
            if not self._is_deaf and self._line.fileno() in ready:
                self._early = self._received()
            if self._early:
                return True
            if self._link.fileno() in ready:
                self._code = self._link.ended()
        self._end_now(signal.SIGKILL, 0.0)
        self._early = self._line.receive_rest()  # who said it at the last moment may have begun: it must not run twice
        return bool(self._early)

    def close(self) -> None:
        """Close the connection to the process."""
        self._line.close()

    def follow(self, news: News) -> Result:
        """Wait until all of the process has ended. Whatever ends the wait early ends the process too.

        Args:
            news: What is to be told of it.
        """
        self._news = news
        try:
            if self._errand is not None:
                self._send(self._errand)
            for frame in self._early:
                self._take(frame)
            self._wait_for_end()
        except ZygoteGone as gone:
            self._take_rest()
            self._verdict = None if self._outcome else broken(str(gone))
            kill_session(self.pid)
        except BaseException:
            self._end_now(signal.SIGTERM, self._grace)
            raise
        finally:
            self._stack.forget()
            self._news = self._watch.dismiss().then(self._news)
        return self._result()

    def _send(self, errand: Frame) -> None:
        try:
            self._line.send(errand)
        except BrokenPipeError:  # it has ended, which its zygote will tell
            self._is_deaf = True

    def _wait_for_end(self) -> None:
        while self._code is None:
            ready = wait_for([source.fileno() for source in self._sources()], self._longest_wait())
            if not self._is_deaf and self._line.fileno() in ready:
                for frame in self._received():
                    self._take(frame)
            if self._link.fileno() in ready:
                self._code = self._link.ended()
            if self._watch.fileno() in ready:
                self._heed(self._watch.heard())
            if self._stack.fileno() in ready:
                self._stack.begin(self._line.scratch, self._link.show_stack)
            self._look_at_time()
        self._tell_stack(self._stack.taken(has_ended=True))
        self._take_rest()

    def _sources(self) -> list[Line | ZygoteLink | Watch | ChildStack]:
        always: list[Line | ZygoteLink | Watch | ChildStack] = [self._link, self._watch, self._stack]
        return always if self._is_deaf else [self._line, *always]

    def _longest_wait(self) -> float | None:
        times = [self._stack.look_again]
        if not self._is_ending:
            times.append(self._limits.look_again())
        now = time.monotonic()
        if not self._is_attended:
            times.append(max(0.0, self._began + _LASTS - now))
        if self._kill_at is not None:
            times.append(max(0.0, self._kill_at - now))
        return min((seconds for seconds in times if seconds is not None), default=None)

    @property
    def _is_ending(self) -> bool:
        return self._verdict is not None or self._outcome is not None or self._is_unwanted

    def _look_at_time(self) -> None:
        if not self._is_attended and time.monotonic() >= self._began + _LASTS:
            self._is_attended = True
            self._tell(News())
        self._tell_stack(self._stack.taken())
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._kill_at = None
            self._link.stop(signal.SIGKILL, 0.0)
        if not self._is_ending and (overrun := self._limits.overrun()) is not None:
            self._stop(overrun)

    def _heed(self, standing: Standing) -> None:
        if standing is Standing.GONE:
            self._is_unwanted = True
            self._link.stop(signal.SIGKILL, 0.0)
        elif standing is Standing.CANCEL and not self._is_ending:
            self._stop(cancelled())

    def _stop(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._link.stop(signal.SIGTERM, self._grace)
        if verdict.line is not None:
            self._tell(News(lines=(NewLogEntry(command=verdict.line, message=self._claim.task),)))

    def _tell_stack(self, stacks: Sequence[Stack]) -> None:
        if stacks:
            self._tell(News(lines=(stack_entry(stacks, child=self.pid),)))

    def _tell(self, news: News) -> None:
        self._news = self._news.then(news)
        if self._is_attended:
            self._watch.attend(self._claim, self._news)
            self._news = News()

    def _received(self) -> list[Frame]:
        try:
            frames = self._line.receive()
            if self._line.damage is not None:
                self._give_up(self._line.damage)
            return frames
        except (EOFError, OSError):  # it has ended, or has closed what it does not know
            self._is_deaf = True
        except Damaged as damaged:
            self._give_up(damaged)
        return []

    def _give_up(self, damaged: Damaged) -> None:
        """End a process that tells what makes no sense, and listen to it no more."""
        self._is_deaf = True
        if not self._is_ending:
            self._stop(broken(f"what its process told cannot be read: {damaged}"))

    def _take_rest(self) -> None:
        for frame in self._line.receive_rest():
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        change = read_change(frame)
        if change is not None:
            self._tell(News(change=change))
        elif frame.kind == OUTCOME and self._outcome is None:
            try:
                self._judge(read_outcome(frame, self._claim))
            except Damaged as damaged:
                self._give_up(damaged)

    def _judge(self, outcome: Finished) -> None:
        """Take an outcome, unless it is what came of stopping the process. Who completes before that has completed."""
        verdict = self._verdict
        was_cancelled = verdict is not None and verdict.status is TaskStatus.CANCELLED
        if verdict is None or (was_cancelled and outcome.status is TaskStatus.COMPLETE):
            self._outcome, self._verdict = outcome, None
            self._kill_at = time.monotonic() + self._grace
            self._watch.tell(self._claim, self._news.then(self._last_line()))  # while the process takes its time to end
            self._news = News()

    def _end_now(self, number: int, grace: float) -> None:
        try:
            if self._code is None:
                self._link.stop(number, grace)
            while self._code is None:
                wait_for([self._link.fileno()], None)
                self._code = self._link.ended()
        except ZygoteGone:
            kill_session(self.pid)

    def _result(self) -> Result:
        if self._is_unwanted:
            return Result(outcome=None, verdict=None, news=self._news)
        if self._outcome is None and self._verdict is None and self._code is not None:
            self._verdict = died(self._code)
        news = self._news if self._outcome is not None else self._news.then(self._last_line())
        return Result(outcome=self._outcome, verdict=self._verdict, news=news)

    def _last_line(self) -> News:
        how = "OK" if self._verdict is None else f"ERROR ({self._verdict.failure.message})"
        return News(lines=(NewLogEntry(command="STOP", message=how, child=self.pid),))
