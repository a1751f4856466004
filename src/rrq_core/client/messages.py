"""Messages to workers, and their answers."""

from typing import Literal, overload

from rrq_core.client.answers import Terms, addressed, checked_message_id, in_order, wait_for_answers
from rrq_core.client.commands import Order
from rrq_core.client.connection import Connection
from rrq_core.client.defaults import chosen
from rrq_core.client.sending import Sent, send_message, send_to_present
from rrq_core.client.workers import Workers, checked_worker_ids, worker_record, worker_records
from rrq_core.errors import WorkerNotFound


def message_send(
    command: str, args: object = None, worker_ids: Workers | None = None, *, controller: Connection | None = None
) -> str:
    """Send a message to workers; they see to it before they take another task.

    | command | what belongs to it | what the worker does | its answer |
    |---|---|---|---|
    | PING | | | "PONG" |
    | ECHO | a text | prints it, and keeps it in its log | "OK" |
    | EVAL | source text | evaluates it in its environment | the value |
    | STOP | a text for its log, or nothing | leaves | "BYE" |
    | INFO | | | its `WorkerInfo` |
    | PAUSE | | takes no tasks; messages are seen to | "OK" |
    | RESUME | | takes tasks again | "OK" |
    | REFRESH | | makes its environment anew | "OK" |
    | TIMEOUT_SET | seconds without a task after which to leave; None: never | begins to count | "OK" |
    | TIMEOUT_GET | | | a dict: "timeout_idle", "remaining" |

    One that fails, or that the worker's configuration forbids, is answered with a `MessageError`.

    Args:
        command: One of them.
        args: What belongs to it.
        worker_ids: One worker or several; None: all active ones.
        controller: The controller; None: the default one.
    Returns:
        The id of the message, for `message_get_response`.
    Raises:
        InvalidArgument: If there is no such command, or it takes other arguments, or no worker is named.
        WorkerNotFound: If a worker is not active, or nobody is. Nothing was sent.

    R: rrq_message_send
    """
    connection = chosen(controller)
    order = Order.checked(connection.queue_id, command, args)
    return _send(connection, order, worker_ids).id


@overload
def message_send_and_wait(
    command: str,
    args: object = None,
    worker_ids: Workers | None = None,
    named: Literal[True] = True,
    delete: bool = True,
    timeout: float = 600,
    time_poll: float = 0.05,
    progress: bool | None = None,
    *,
    controller: Connection | None = None,
) -> dict[str, object]: ...
@overload
def message_send_and_wait(
    command: str,
    args: object = None,
    worker_ids: Workers | None = None,
    *,
    named: Literal[False],
    delete: bool = True,
    timeout: float = 600,
    time_poll: float = 0.05,
    progress: bool | None = None,
    controller: Connection | None = None,
) -> list[object]: ...
def message_send_and_wait(
    command: str,
    args: object = None,
    worker_ids: Workers | None = None,
    named: bool = True,
    delete: bool = True,
    timeout: float = 600,
    time_poll: float = 0.05,
    progress: bool | None = None,
    *,
    controller: Connection | None = None,
) -> dict[str, object] | list[object]:
    """Send a message to workers and wait for their answers.

    Args:
        command: As in `message_send`.
        args: What belongs to the command.
        worker_ids: One worker or several; None: all active ones.
        named: Whether to give a dict by worker id, not a list.
        delete: Whether to delete the answers once they are read.
        timeout: Seconds to wait for all answers.
        time_poll: Seconds between two looks.
        progress: Whether to show a bar; None: $RRQ_PROGRESS, or where standard error is a terminal or a notebook.
        controller: The controller; None: the default one.
    Returns:
        The answers; a `MessageError` from a worker that could not do it.
    Raises:
        InvalidArgument, WorkerNotFound: As `message_send`.
        WorkerTimeout: If an answer is missing in time. The message stays.

    R: rrq_message_send_and_wait
    """
    connection = chosen(controller)
    order = Order.checked(connection.queue_id, command, args)
    terms = Terms.checked(timeout, time_poll, progress)
    sent = _send(connection, order, worker_ids)
    answers = wait_for_answers(connection, sent.id, sent.workers, terms, delete)
    return in_order(answers, sent.workers, named)


@overload
def message_get_response(
    message_id: str,
    worker_ids: Workers | None = None,
    named: Literal[True] = True,
    delete: bool = False,
    timeout: float = 0,
    time_poll: float = 0.5,
    progress: bool | None = None,
    *,
    controller: Connection | None = None,
) -> dict[str, object]: ...
@overload
def message_get_response(
    message_id: str,
    worker_ids: Workers | None = None,
    *,
    named: Literal[False],
    delete: bool = False,
    timeout: float = 0,
    time_poll: float = 0.5,
    progress: bool | None = None,
    controller: Connection | None = None,
) -> list[object]: ...
def message_get_response(
    message_id: str,
    worker_ids: Workers | None = None,
    named: bool = True,
    delete: bool = False,
    timeout: float = 0,
    time_poll: float = 0.5,
    progress: bool | None = None,
    *,
    controller: Connection | None = None,
) -> dict[str, object] | list[object]:
    """Give the answers to a message, waiting for them if need be.

    Args:
        message_id: What `message_send` returned.
        worker_ids: One worker or several, also such as have ended; None: all active ones, and those that have answered.
        named: Whether to give a dict by worker id, not a list.
        delete: Whether to delete the answers once they are read.
        timeout: Seconds to wait for all answers.
        time_poll: Seconds between two looks.
        progress: Whether to show a bar; None: $RRQ_PROGRESS, or where standard error is a terminal or a notebook.
        controller: The controller; None: the default one.
    Returns:
        The answers; a `MessageError` from a worker that could not do it.
    Raises:
        InvalidArgument: If this can be no id of a message.
        WorkerNotFound: If a worker is unknown.
        WorkerTimeout: If an answer is missing in time. Nothing was deleted.

    R: rrq_message_get_response
    """
    connection = chosen(controller)
    terms = Terms.checked(timeout, time_poll, progress)
    message = checked_message_id(message_id)
    workers = addressed(connection, message, worker_ids)
    answers = wait_for_answers(connection, message, workers, terms, delete)
    return in_order(answers, workers, named)


@overload
def message_has_response(
    message_id: str,
    worker_ids: Workers | None = None,
    named: Literal[True] = True,
    *,
    controller: Connection | None = None,
) -> dict[str, bool]: ...
@overload
def message_has_response(
    message_id: str,
    worker_ids: Workers | None = None,
    *,
    named: Literal[False],
    controller: Connection | None = None,
) -> list[bool]: ...
def message_has_response(
    message_id: str,
    worker_ids: Workers | None = None,
    named: bool = True,
    *,
    controller: Connection | None = None,
) -> dict[str, bool] | list[bool]:
    """Tell which workers have answered a message.

    Args:
        message_id: What `message_send` returned.
        worker_ids: One worker or several, also such as have ended; None: all active ones, and those that have answered.
        named: Whether to give a dict by worker id, not a list.
        controller: The controller; None: the default one.
    Raises:
        InvalidArgument: If this can be no id of a message.
        WorkerNotFound: If a worker is unknown.

    R: rrq_message_has_response
    """
    connection = chosen(controller)
    message = checked_message_id(message_id)
    workers = addressed(connection, message, worker_ids)
    answers = connection.backend.messages.answers(message, workers, False)
    return in_order({worker: worker in answers for worker in workers}, workers, named)


def message_response_ids(worker_id: str, *, controller: Connection | None = None) -> list[str]:
    """List the ids of the messages that a worker has answered and whose answers are kept, oldest first.

    Args:
        worker_id: The worker.
        controller: The controller; None: the default one.
    Raises:
        WorkerNotFound: If it is unknown.

    R: rrq_message_response_ids
    """
    connection = chosen(controller)
    record = worker_record(connection, worker_id)
    answers = connection.backend.messages.answers(None, [record.id], False)
    return sorted(answers.get(record.id, {}), key=_time_of)


def _time_of(message: str) -> tuple[int, int]:
    seconds, _, micros = message.partition(".")
    return int(seconds), int(micros)


def _send(connection: Connection, order: Order, worker_ids: Workers | None) -> Sent:
    """Send a message to workers that were named, or to all that are there."""
    if worker_ids is not None:
        named = checked_worker_ids(worker_ids)
        return Sent(id=send_message(connection.backend, order, named), workers=tuple(named))
    sent = send_to_present(connection, order, [record.id for record in worker_records(connection, None)])
    if sent is None:
        raise WorkerNotFound(
            f"nobody is there to get a message: no worker of {connection.queue_id!r} is active; start one with "
            "worker_spawn()"
        )
    return sent
