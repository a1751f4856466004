"""From calls to tasks: encoding, large values, portions."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from rrq_core.client.connection import Connection
from rrq_core.client.options import TaskOptions
from rrq_core.errors import InvalidArgument, RrqError
from rrq_core.model.ids import Tag, TaskId, WatcherId, new_task_id
from rrq_core.model.task import NewTask, TaskField
from rrq_core.model.value import NewValue
from rrq_core.payload import CallEncoder, EncodedCall

SLICE = 2_000  # calls that are encoded while the slice before them is on its way; so much of a long iterable is held
TRAVEL_ALONG = 1 << 20  # bytes of values that travel with their tasks; more of them goes ahead

Arguments = tuple[Sequence[object], Mapping[str, object]]
Slice = list[tuple[NewTask, tuple[NewValue, ...]]]


def encoder_for(connection: Connection, function: Callable[..., object]) -> CallEncoder:
    """Prepare a function for calls.

    Raises:
        NotSendable: If it cannot be sent.
        InvalidArgument: If it is no callable.
    """
    return CallEncoder(function, connection.queue_id, by_value=connection.by_value)


def submit_call(
    connection: Connection,
    encoder: CallEncoder,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    options: TaskOptions,
) -> TaskId:
    """Submit one call, and have the inbox told of its end if it is listening anyway.

    Raises:
        NotSendable: If an argument cannot be sent. Nothing was written.
    """
    id = new_task_id()
    call = encoder.encode(id, args, kwargs)
    _send(connection, [_new_task(id, call, options)], call.values, connection.inbox.expect(id))
    return id


def submit_calls(
    connection: Connection, encoder: CallEncoder, calls: Iterable[Arguments], options: TaskOptions
) -> list[TaskId]:
    """Submit many calls, in slices.

    What interrupts it, once some are in, carries their ids as its attribute `submitted` and says so in a note.

    Raises:
        NotSendable: If an argument cannot be sent. Nothing of its slice was written.
        InvalidArgument: If there is no call.
    """
    waiting, ids = iter(calls), list[TaskId]()
    try:
        _submit_slices(connection, iter(lambda: _encoded(encoder, islice(waiting, SLICE), options), []), ids)
    except BaseException as error:
        _tell_submitted(error, ids)
        raise
    if not ids:
        raise InvalidArgument("there is nothing to submit: the data is empty")
    return ids


def _submit_slices(connection: Connection, slices: Iterator[Slice], ids: list[TaskId]) -> None:
    """Submit one slice after the other, each while the next is being encoded; on leaving, none is under way."""
    first = next(slices, [])
    if len(first) < SLICE:
        _submit_slice(connection, first, ids)
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="rrq-submit") as sender:
        under_way = sender.submit(_submit_slice, connection, first, ids)
        for encoded in slices:
            under_way.result()
            under_way = sender.submit(_submit_slice, connection, encoded, ids)
        under_way.result()


def _encoded(encoder: CallEncoder, calls: Iterator[Arguments], options: TaskOptions) -> Slice:
    encoded = []
    for args, kwargs in calls:
        id = new_task_id()
        call = encoder.encode(id, args, kwargs)
        encoded.append((_new_task(id, call, options), call.values))
    return encoded


def _new_task(id: TaskId, call: EncodedCall, options: TaskOptions) -> NewTask:
    hashes = tuple([value.hash for value in call.values]) if call.values else ()
    return NewTask(id=id, body=call.body, queue=options.queue, values=hashes)


def _submit_slice(connection: Connection, encoded: Slice, ids: list[TaskId]) -> None:
    tasks = [task for task, _ in encoded]
    values = {value.hash: value for _, own in encoded for value in own}
    try:
        _send(connection, tasks, tuple(values.values()), None)
    except BaseException:
        ids.extend(_found(connection, tasks))
        raise
    ids.extend(task.id for task in tasks)


def _send(
    connection: Connection, tasks: Sequence[NewTask], values: Sequence[NewValue], watcher: WatcherId | None
) -> None:
    queue = connection.backend.queue
    if sum(value.size for value in values) <= TRAVEL_ALONG:
        queue.submit(tasks, values, watcher=watcher)
        return
    tag = Tag(f"submit:{secrets.token_hex(16)}")
    for value in values:
        connection.backend.objects.put(tag, [value], provisional=True)
    queue.submit(tasks, watcher=watcher, provisional=tag)


def _found(connection: Connection, tasks: Sequence[NewTask]) -> list[TaskId]:
    """Look which of some tasks were taken in before something went wrong; none if that cannot be seen."""
    try:
        records = connection.backend.queue.read(
            [task.id for task in tasks], frozenset({TaskField.STATUS}), follow=False
        )
    except RrqError:
        return []
    return [record.id for record in records if record is not None]


def _tell_submitted(error: BaseException, ids: Sequence[TaskId]) -> None:
    if ids:
        vars(error)["submitted"] = list(ids)
        error.add_note(
            f"{len(ids)} of the tasks were submitted before this; their ids are in its attribute `submitted`"
        )
