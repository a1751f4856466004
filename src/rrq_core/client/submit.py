"""From calls to tasks: encoding, large values, portions."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from attrs import evolve

from rrq_core.client.connection import Connection, Prepared
from rrq_core.client.options import DEFAULT_OPTIONS, TaskOptions
from rrq_core.client.sent_ahead import sent_ahead
from rrq_core.errors import InvalidArgument, NotSendable, RrqError, TaskNotFound
from rrq_core.model.ids import GroupName, Hash, TaskId, WatcherId, new_task_id
from rrq_core.model.task import NewTask, Submitted, TaskField
from rrq_core.model.value import NewValue
from rrq_core.payload import CallEncoder, EncodedCall, Expression

SLICE = 2_000  # calls that are encoded while the slice before them is on its way; so much of a long iterable is held
TRAVEL_ALONG = 1 << 20  # bytes of values that travel with their tasks; more of them goes ahead

Arguments = tuple[Sequence[object], Mapping[str, object]]
Maker = Callable[[TaskId, EncodedCall], NewTask]
Slice = list[tuple[NewTask, tuple[NewValue, ...]]]


def encoder_for(
    connection: Connection, function: Callable[..., object] | Expression, options: TaskOptions
) -> CallEncoder:
    """Prepare a function for calls, or an expression for its variables; what was prepared last is used again.

    Raises:
        NotSendable: If it, or a kind of errors in `retry_on`, cannot be sent.
        InvalidArgument: If it is no callable.
    """
    last = connection.prepared
    if last is not None and last.function is function and last.options is options and last.encoder.still_holds:
        return last.encoder
    encoder = new_encoder(connection, function, options)
    if encoder.still_holds:
        connection.prepared = Prepared(function=function, options=options, encoder=encoder)
    return encoder


def new_encoder(
    connection: Connection,
    function: Callable[..., object] | Expression,
    options: TaskOptions,
    *,
    says_version: bool = False,
) -> CallEncoder:
    """Prepare a function for calls, as `encoder_for`; with `says_version`, bodies tell the version of its code."""
    return CallEncoder(
        function,
        connection.queue_id,
        by_value=connection.by_value,
        run=options.run,
        retry_on=options.retry_on,
        says_version=says_version,
    )


def submit_call(
    connection: Connection,
    encoder: CallEncoder,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    options: TaskOptions,
) -> TaskId:
    """Submit one call, and have the inbox told of its end if it is listening anyway.

    Returns:
        The id of the task; with a key that is known, of the one that has it.
    Raises:
        NotSendable: If an argument cannot be sent. Nothing was written.
        TaskNotFound: If it depends on a task that is unknown. Nothing was written.
        KeyTaken: If another call has its key. Nothing was written.
    """
    id = new_task_id()
    call = encoder.encode(id, args, kwargs)
    watcher = connection.inbox.expect(id) if options.key is None else None  # of which task it is told, is not known yet
    (submitted,) = _send(connection, [_maker(options)(id, call)], call.values, watcher)
    return submitted.task


def submit_calls(
    connection: Connection,
    encoder: CallEncoder,
    calls: Iterable[Arguments],
    options: TaskOptions,
    group: GroupName | None = None,
) -> list[TaskId]:
    """Submit many calls, in slices.

    What interrupts it, once some are in, carries their ids as its attribute `submitted` and says so in a note.

    Args:
        connection: Where to.
        encoder: What makes their bodies.
        calls: Positional arguments and keywords of each.
        options: How each is to be run.
        group: The named group that they are to be in; None: none.
    Returns:
        The ids of the tasks; of a call that is in the group already, of the one that it has.
    Raises:
        NotSendable: If an argument cannot be sent. Nothing of its slice was written.
        InvalidArgument: If there is no call.
    """
    waiting, ids = enumerate(calls), list[TaskId]()
    make = _maker(options) if group is None else _member_maker(options, group)
    try:
        _submit_slices(connection, iter(lambda: _encoded(encoder, islice(waiting, SLICE), make), []), ids)
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


def _encoded(encoder: CallEncoder, calls: Iterator[tuple[int, Arguments]], make: Maker) -> Slice:
    encoded = []
    for at, (args, kwargs) in calls:
        id = new_task_id()
        try:
            call = encoder.encode(id, args, kwargs)
        except NotSendable as error:
            error.add_note(f"it is of element {at} of the data, counted from 0")
            raise
        encoded.append((make(id, call), call.values))
    return encoded


def _member_maker(options: TaskOptions, group: GroupName) -> Maker:
    """Give what makes the tasks of a named group. The n-th of equal calls is the n-th that it has."""
    seen: Counter[str] = Counter()

    def make(id: TaskId, call: EncodedCall) -> NewTask:
        member = call.member
        seen[member] += 1
        task = _task_with_options(id, call, options)
        return evolve(task, group=group, key=f"{member} {seen[member]}", call=member)

    return make


def _maker(options: TaskOptions) -> Maker:
    """Give what makes the tasks of a submission: quickly where there is nothing to say but the queue."""
    is_plain = options is DEFAULT_OPTIONS or options == TaskOptions(queue=options.queue)

    def make(id: TaskId, call: EncodedCall) -> NewTask:
        if is_plain and not call.takes_result_of:
            return NewTask(id=id, body=call.body, queue=options.queue, values=_hashes(call))
        return _task_with_options(id, call, options)

    return make


def _hashes(call: EncodedCall) -> tuple[Hash, ...]:
    return tuple([value.hash for value in call.values]) if call.values else ()


def _task_with_options(id: TaskId, call: EncodedCall, options: TaskOptions) -> NewTask:
    return NewTask(
        id=id,
        body=call.body,
        queue=options.queue,
        separate_process=options.separate_process,
        timeout=options.timeout_task_run,
        depends_on=tuple(dict.fromkeys((*options.dependencies, *call.takes_result_of))),
        takes_result_of=call.takes_result_of,
        values=_hashes(call),
        on_lost=options.on_lost,
        max_attempts=options.max_attempts,
        retries=options.retries,
        delay=options.delay,
        key=options.key,
        call=call.call if options.key is not None else "",
        result_ttl=options.result_ttl,
        front=options.front,
    )


def _submit_slice(connection: Connection, encoded: Slice, ids: list[TaskId]) -> None:
    tasks = [task for task, _ in encoded]
    values = {value.hash: value for _, own in encoded for value in own}
    try:
        submitted = _send(connection, tasks, tuple(values.values()), None)
    except BaseException:
        ids.extend(_found(connection, tasks))
        raise
    ids.extend(each.task for each in submitted)


def _send(
    connection: Connection, tasks: Sequence[NewTask], values: Sequence[NewValue], watcher: WatcherId | None
) -> list[Submitted]:
    queue = connection.backend.queue
    try:
        if not values or _travel_along(connection, values):
            return queue.submit(tasks, values, watcher=watcher)
        with sent_ahead(connection, values) as tag:
            return queue.submit(tasks, watcher=watcher, provisional=tag)
    except TaskNotFound as error:
        raise TaskNotFound(error.tasks, connection.queue_id, "nothing can depend on it") from error


def _travel_along(connection: Connection, values: Sequence[NewValue]) -> bool:
    """Whether values go with their tasks; else they go ahead."""
    return sum(value.size for value in values) <= TRAVEL_ALONG and not any(map(connection.values.is_large, values))


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
