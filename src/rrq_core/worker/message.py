"""Messages to a worker: what they ask, what the worker does, what it answers."""

from collections.abc import Callable, Mapping

from attrs import asdict, frozen

from rrq_core.errors import InvalidName, MessageError, PayloadRefused
from rrq_core.model.ids import QueueId, checked_name
from rrq_core.model.value import Buffer
from rrq_core.model.worker import WorkerInfo
from rrq_core.payload import Context, PayloadKind, decode_json, encode_json
from rrq_core.worker.line import one_line
from rrq_core.worker.stop import StopRequest


@frozen(kw_only=True)
class Request:
    """What a message asks for.

    Args:
        command: A word in capitals.
        args: What belongs to it, as plain data; None: nothing.
        problem: Why the message cannot be read, if so.
    """

    command: str
    args: object = None
    problem: str | None = None


def read_request(frame: Buffer, queue_id: QueueId) -> Request:
    """Read the frame of a message. One that cannot be read has a request too, so that it can be answered."""
    try:
        match decode_json(frame, _context(queue_id)):
            case {"command": command, **others}:
                return Request(command=checked_name(command, "command"), args=others.get("args"))
            case record:
                return _unreadable(f"a message has a command, this one has none: {record!r:.200}")
    except (PayloadRefused, InvalidName) as error:
        return _unreadable(f"a message that cannot be read: {error}")


def _unreadable(problem: str) -> Request:
    return Request(command="UNREADABLE", problem=problem)


class Commands:
    """What a worker can be told to do."""

    def __init__(self, queue_id: QueueId, info: WorkerInfo, stop: StopRequest) -> None:
        self._queue_id = queue_id
        self._info = info
        self._stop = stop
        self._answers: Mapping[str, Callable[[Request], object]] = {
            "PING": self._ping,
            "INFO": self._describe,
            "STOP": self._ask_to_stop,
        }

    def answer(self, request: Request) -> bytes:
        """Do what a message asks for and make the frame of the answer: a value, or why there is none."""
        try:
            record = {"value": self._answer_of(request)}
        except MessageError as error:
            record = {"error": str(error)}
        return encode_json(record, _context(self._queue_id))

    def _answer_of(self, request: Request) -> object:
        if request.problem is not None:
            raise MessageError(request.problem)
        answer = self._answers.get(request.command)
        if answer is None:
            raise MessageError(f"this worker has no command {request.command!r}; it has: {', '.join(self._answers)}")
        return answer(request)

    def _ping(self, request: Request) -> str:
        _no_args(request)
        return "PONG"

    def _describe(self, request: Request) -> object:
        _no_args(request)
        return asdict(self._info)

    def _ask_to_stop(self, request: Request) -> str:
        reason = "BYE" if request.args is None else request.args
        if not isinstance(reason, str):
            raise MessageError(f"STOP takes a text, the reason for the log, or nothing; not {reason!r:.200}")
        self._stop.ask(one_line(reason))
        return "BYE"


def _no_args(request: Request) -> None:
    if request.args is not None:
        raise MessageError(f"{request.command} takes no arguments; these came: {request.args!r:.200}")


def _context(queue_id: QueueId) -> Context:
    return Context(kind=PayloadKind.MESSAGE, queue_id=queue_id)
