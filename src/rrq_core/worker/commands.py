"""What a worker does when a message tells it to."""

import math
from collections.abc import Callable, Mapping

from attrs import frozen

from rrq_core.errors import InvalidArgument, MessageError
from rrq_core.model.command import Command, checked_command
from rrq_core.model.config import WorkerConfig
from rrq_core.model.status import WorkerStatus
from rrq_core.model.worker import NewLogEntry, WorkerInfo
from rrq_core.payload import capture_failure
from rrq_core.payload.answer import Answer, Evaluated, IdleLimit
from rrq_core.worker.duty import Duty
from rrq_core.worker.environment import Environment
from rrq_core.worker.line import one_line
from rrq_core.worker.message import Request
from rrq_core.worker.stop import StoppedNow, StopRequest
from rrq_core.worker.timer import IdleTimer

_LONGEST_ECHO = 10_000


@frozen(kw_only=True)
class Tools:
    """What of a worker its commands use.

    Args:
        config: How the worker behaves.
        tell_info: Tells what the worker is.
        log: Writes a line of the worker's log.
        refresh: Makes the environment anew, here and in what runs tasks in processes of their own.
        environment: Where EVAL evaluates.
        stop: How the worker is asked to stop.
        timer: How long it may be idle.
        duty: What it takes.
    """

    config: WorkerConfig
    tell_info: Callable[[], WorkerInfo]
    log: Callable[[NewLogEntry], None]
    refresh: Callable[[], None]
    environment: Environment
    stop: StopRequest
    timer: IdleTimer
    duty: Duty


@frozen(kw_only=True)
class Reply:
    """What a worker answers, and what it is from then on, if that changes."""

    answer: Answer
    status: WorkerStatus | None = None


class Commands:
    """What a worker can be told to do."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._replies: Mapping[Command, Callable[[object], Reply]] = {
            Command.PING: lambda args: Reply(answer="PONG"),
            Command.ECHO: self._echo,
            Command.EVAL: self._eval,
            Command.STOP: self._stop,
            Command.INFO: lambda args: Reply(answer=tools.tell_info()),
            Command.PAUSE: lambda args: Reply(answer="OK", status=tools.duty.pause()),
            Command.RESUME: lambda args: Reply(answer="OK", status=tools.duty.resume()),
            Command.REFRESH: self._refresh,
            Command.TIMEOUT_SET: self._set_timeout,
            Command.TIMEOUT_GET: self._get_timeout,
        }

    def reply(self, request: Request) -> Reply:
        """Do what a message asks for; where that cannot be, the answer says why."""
        if request.problem is not None:
            return Reply(answer=MessageError(request.problem))
        try:
            command = checked_command(request.command, request.args)
            return self._replies[command](request.args)
        except (InvalidArgument, MessageError) as error:
            return Reply(answer=MessageError(str(error)))

    def _echo(self, args: object) -> Reply:
        self._tools.log(NewLogEntry(command="ECHO", message=one_line(str(args), _LONGEST_ECHO)))
        return Reply(answer="OK")

    def _eval(self, args: object) -> Reply:
        if not self._tools.config.allow_eval:
            raise MessageError("this worker evaluates nothing: its configuration says allow_eval=False")
        try:
            return Reply(answer=Evaluated(value=self._tools.environment.evaluate(str(args))))
        except StoppedNow:
            raise
        except BaseException as error:  # SystemExit too: it is the expression's, no wish of ours to end
            failure = capture_failure(error, ())
            raise MessageError(f"EVAL failed: {failure.summary}\n\n{failure.trace}") from error

    def _stop(self, args: object) -> Reply:
        self._tools.stop.ask("BYE" if args is None else one_line(str(args)))
        return Reply(answer="BYE")

    def _refresh(self, args: object) -> Reply:
        self._tools.refresh()
        if self._tools.environment.failure is not None:
            raise MessageError(self._tools.environment.failure)
        return Reply(answer="OK")

    def _set_timeout(self, args: object) -> Reply:
        self._tools.timer.set_limit(float(args) if isinstance(args, int | float) else math.inf)
        return Reply(answer="OK")

    def _get_timeout(self, args: object) -> Reply:
        timer = self._tools.timer
        return Reply(answer=IdleLimit(timeout_idle=timer.limit, remaining=max(0.0, timer.remaining())))
