"""How a worker sees to its messages."""

from collections import deque
from collections.abc import Callable

from attrs import frozen

from rrq_core.errors import BackendError, MessageError, NotSendable
from rrq_core.model.ids import MessageId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import MessageIn
from rrq_core.model.worker import NewLogEntry
from rrq_core.payload.answer import Answer, encode_answer
from rrq_core.worker.commands import Commands
from rrq_core.worker.message import Request, answer_context, read_request, unreadable
from rrq_core.worker.outage import PASSING
from rrq_core.worker.setup import WorkerSetup

Tell = Callable[[NewLogEntry], None]
_MOST_NONCES = 10_000

Deliver = Callable[[MessageId, bytes, WorkerStatus | None], None]


@frozen(kw_only=True)
class _Answered:
    id: MessageId
    frame: bytes
    status: WorkerStatus | None


class Answering:
    """Sees to messages, one after another.

    Args:
        setup: The worker.
        commands: What the worker does.
        tell: Writes a line of the worker's log.
        deliver: Hands an answer in, with the status that the worker has from then on.
    """

    def __init__(self, setup: WorkerSetup, commands: Commands, tell: Tell, deliver: Deliver) -> None:
        self._setup = setup
        self._commands = commands
        self._tell = tell
        self._deliver = deliver
        self._last: _Answered | None = None
        self._nonces: deque[object] = deque(maxlen=_MOST_NONCES)

    def see_to(self, message: MessageIn) -> None:
        """Do what a message asks for, and answer. One that is handed out again is answered again, and not done again.

        Raises:
            Fenced: If the session is over.
            BackendUnavailable, BackendFull: If the store is away and the worker is asked to stop.
        """
        if self._last is None or self._last.id != message.id:
            self._last = self._answered(message)
        try:
            self._deliver(self._last.id, self._last.frame, self._last.status)
        except PASSING:
            raise
        except BackendError as error:  # for good: what EVAL gave is too large, say
            self._deliver(message.id, self._frame(message.id, MessageError(f"the answer was refused: {error}")), None)

    def _answered(self, message: MessageIn) -> _Answered:
        request = self._read(message)
        self._tell(NewLogEntry(command="MESSAGE", message=request.command))
        reply = self._commands.reply(request)
        answered = _Answered(id=message.id, frame=self._frame(message.id, reply.answer), status=reply.status)
        self._tell(NewLogEntry(command="RESPONSE", message=request.command))
        return answered

    def _read(self, message: MessageIn) -> Request:
        """Read a message. One that came before, under another id, is a copy that somebody put there: it is refused."""
        request = read_request(message.body, self._setup)
        if request.nonce is not None:
            if request.nonce in self._nonces:
                return unreadable("a message that was seen to before; somebody has put it there again")
            self._nonces.append(request.nonce)
        return request

    def _frame(self, message: MessageId, answer: Answer) -> bytes:
        context = answer_context(self._setup.queue_id, self._setup.worker_id, message)
        try:
            return encode_answer(answer, context)
        except NotSendable as error:
            return encode_answer(MessageError(str(error)), context)
