"""The groups that `map` makes, and named ones that it finds again."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from rrq_core.client.connection import Connection
from rrq_core.client.create import mapped_calls, submit_map
from rrq_core.client.groups import TaskGroup
from rrq_core.client.mended import Mended
from rrq_core.client.options import TaskOptions
from rrq_core.client.submit import Arguments, new_encoder, submit_calls
from rrq_core.client.task import Task
from rrq_core.errors import PayloadRefused
from rrq_core.model.ids import GroupName, TaskId, group_name
from rrq_core.model.task import TaskField
from rrq_core.payload import Context, PayloadKind, differ, version_in

T = TypeVar("T")

_PORTION = 1_000  # bodies that are looked at together
_CALLER = 4  # the frame of who calls `map`, from where the warning is given


def map_calls(
    connection: Connection,
    fn: Callable[..., T],
    iterables: Sequence[Iterable[object]],
    options: TaskOptions,
    name: str | None,
    keep: bool,
) -> TaskGroup[T]:
    """Submit a call for each tuple of the zipped iterables, with options that were checked.

    Args:
        connection: Where to.
        fn: Any callable.
        iterables: Arguments, one iterable for each parameter.
        options: How each is to be run.
        name: The named group that they are to be in; only calls that it does not have are submitted.
        keep: Whether tasks stay once the group has handed out their results.
    Raises:
        NotSendable, InvalidArgument: As `task_create_bulk_call`.
    """
    if name is None:
        return TaskGroup(submit_map(connection, fn, iterables, options), connection, keep=keep)
    calls, group = mapped_calls(iterables, options), group_name(name)
    encoder = new_encoder(connection, fn, options, says_version=True)
    before = set(connection.backend.queue.group(group))
    given = list(calls) if before else calls
    ids = submit_calls(connection, encoder, given, options, group)
    mended = None
    if isinstance(given, list):
        known = {id: call for id, call in zip(ids, given, strict=True) if id in before}
        mended = Mended(encoder=encoder, calls=_changed(connection, known, encoder.version))
        _warn_of(mended, len(known), group)
    return TaskGroup((Task(id, connection.queue_id, connection) for id in ids), connection, keep=keep, mended=mended)


def _changed(
    connection: Connection, known: Mapping[TaskId, Arguments], version: str | None
) -> Mapping[TaskId, Arguments]:
    """Pick the calls that were submitted with another version of the function."""
    ids, changed = list(known), {}
    for start in range(0, len(ids), _PORTION):
        portion = ids[start : start + _PORTION]
        records = connection.backend.queue.read(portion, frozenset({TaskField.BODY}), follow=False)
        for id, record in zip(portion, records, strict=True):
            body = None if record is None else record.body
            if body is not None and differ(_version(connection, id, body), version):
                changed[id] = known[id]
    return changed


def _version(connection: Connection, task: TaskId, body: bytes) -> str | None:
    try:
        return version_in(body, Context(kind=PayloadKind.TASK, queue_id=connection.queue_id, names=(task,)))
    except PayloadRefused:  # signed by a key that is gone: only a worker has to read it
        return None


def _warn_of(mended: Mended, known: int, group: GroupName) -> None:
    if mended.calls:
        warnings.warn(
            f"the group {group!r} is there already, and {len(mended.calls)} of the {known} tasks found in it were "
            f"submitted with another version of {mended.encoder.name}: they keep what they have. retry() of the group "
            "that map returns now runs those that failed with this version; to run others anew, delete them "
            "(task_delete), or choose another name",
            stacklevel=_CALLER,
        )
