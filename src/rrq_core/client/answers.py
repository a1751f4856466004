"""Waiting for the answers of workers to a message."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from attrs import frozen

from rrq_core.client.commands import decoded_answer
from rrq_core.client.connection import Connection
from rrq_core.client.progress import ProgressBar
from rrq_core.client.seconds import Deadline, checked_period, checked_seconds, poll
from rrq_core.client.workers import ACTIVE, Workers, worker_records
from rrq_core.errors import InvalidArgument, MessageError, WorkerTimeout
from rrq_core.model.ids import MessageId, WorkerId
from rrq_core.model.status import WorkerStatus

V = TypeVar("V")

_MESSAGE_ID = re.compile(r"[0-9]+\.[0-9]{6}")


@frozen(kw_only=True)
class Terms:
    """How long to wait for answers, how often to look, and whether to show it."""

    deadline: Deadline
    time_poll: float
    progress: bool | None

    @classmethod
    def checked(cls, timeout: float, time_poll: float, progress: bool | None) -> "Terms":
        """Check them, and begin to count.

        Raises:
            InvalidArgument: If one of them cannot be.
        """
        return cls(
            deadline=Deadline(checked_seconds(timeout, "timeout")),
            time_poll=checked_period(time_poll, "time_poll"),
            progress=progress,
        )


def checked_message_id(message: object) -> MessageId:
    """Return the id of a message, if it has the form of one.

    Raises:
        InvalidArgument: If not.
    """
    if not isinstance(message, str) or _MESSAGE_ID.fullmatch(message) is None:
        raise InvalidArgument(
            f"message_id is what message_send() returns, such as '1795561112.635481', not {message!r:.60}"
        )
    return MessageId(message)


def addressed(connection: Connection, message: MessageId, worker_ids: Workers | None) -> list[WorkerId]:
    """Give the workers whose answers are meant. A worker that was told to STOP has answered, and is active no more."""
    if worker_ids is not None:
        return [record.id for record in worker_records(connection, worker_ids)]
    everybody = connection.backend.workers.read(None, frozenset(WorkerStatus))
    gone = [record.id for record in everybody if record.status not in ACTIVE]
    have_answered = connection.backend.messages.answers(message, gone, False)
    return sorted(record.id for record in everybody if record.status in ACTIVE or record.id in have_answered)


def wait_for_answers(
    connection: Connection, message: MessageId, workers: Sequence[WorkerId], terms: Terms, delete: bool
) -> dict[WorkerId, object]:
    """Wait until all have answered, or left; delete nothing before. Who left without an answer gives a `MessageError`.

    Raises:
        WorkerTimeout: If an answer is missing in time.
    """
    messages = connection.backend.messages
    silent = set(workers)

    with ProgressBar(len(workers), "answers", terms.progress) as bar:

        def nobody_is_silent() -> bool:
            before = len(silent)
            silent.difference_update(messages.answers(message, workers, False))
            active = connection.backend.workers.read(list(silent), ACTIVE) if silent else []
            silent.intersection_update(record.id for record in active)
            bar.advance(before - len(silent))
            return not silent

        if not poll(nobody_is_silent, terms.deadline, terms.time_poll):
            named = ", ".join(worker for worker in workers if worker in silent)
            raise WorkerTimeout(
                f"no answer to message {message} after {terms.deadline.timeout:g} s from: {named}; a worker answers "
                "between tasks, so one that is busy may still do"
            )
    frames = messages.answers(message, workers, delete)
    return {worker: _answer(connection, worker, message, frames) for worker in workers}


def _answer(
    connection: Connection, worker: WorkerId, message: MessageId, frames: Mapping[WorkerId, Mapping[MessageId, bytes]]
) -> object:
    if worker not in frames:
        return MessageError(f"worker {worker!r} left before it saw message {message}")
    return decoded_answer(connection.queue_id, worker, message, frames[worker][message])


def in_order(answers: Mapping[WorkerId, V], workers: Sequence[WorkerId], named: bool) -> dict[str, V] | list[V]:
    """Give the answers by worker id, or in the order of the workers."""
    if named:
        return {worker: answers[worker] for worker in workers}
    return [answers[worker] for worker in workers]
