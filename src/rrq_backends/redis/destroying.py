"""Deleting a whole queue or object store: every key is derived from its own data, never from a pattern."""

from collections.abc import Iterable, Iterator
from itertools import islice

from rrq_backends.redis.connection import Argument, Connections
from rrq_backends.redis.keys import SINGLE, STORE_SINGLE, TASK_PARTS, WORKER_PARTS, QueueKeys, StoreKeys
from rrq_backends.redis.replies import texts
from rrq_backends.redis.scan import scan_hash, scan_set
from rrq_core.model.ids import GroupName, QueueName, TaskId, WatcherId, WorkerId

PORTION = 500
NEEDED_BY_WORKERS = ("worker:session", "configuration")


def destroy_queue(keys: QueueKeys, connections: Connections, after: float) -> None:
    """Delete every key of a queue, now or after so many seconds.

    What workers need for writing goes first, or one that is at work would write anew what is gone. What the keys are
    found by goes last, so that an interrupted deletion can be taken up again.
    """
    _remove(connections, (keys.single(name) for name in NEEDED_BY_WORKERS), after)
    _remove(connections, _derived(keys, connections), after)
    destroy_store(StoreKeys(keys.object_store()), connections, after)
    _remove(connections, (keys.single(name) for name in SINGLE), after)


def destroy_store(keys: StoreKeys, connections: Connections, after: float) -> None:
    """Delete every key of an object store, now or after so many seconds."""
    _remove(connections, _tag_keys(keys, connections), after)
    _remove(connections, (keys.hash_tag(hash) for hash, _ in scan_hash(connections, keys.single("location"))), after)
    _remove(connections, (keys.single(name) for name in STORE_SINGLE), after)


def _tag_keys(keys: StoreKeys, connections: Connections) -> Iterator[str]:
    for hash, _ in scan_hash(connections, keys.single("location")):
        for tag in scan_set(connections, keys.hash_tag(hash)):
            yield keys.tag_hash(tag)


def _derived(keys: QueueKeys, connections: Connections) -> Iterator[str]:
    for id, _ in scan_hash(connections, keys.task_field("status")):
        yield keys.complete(TaskId(id))
        yield from (keys.task_part(TaskId(id), part) for part in TASK_PARTS)
    for name in scan_set(connections, keys.single("queues")):
        yield from (keys.queue(QueueName(name)), keys.wake(QueueName(name)))
    for name in scan_set(connections, keys.single("groups")):
        yield keys.group(GroupName(name))
    for watcher in texts(connections.call("ZRANGE", keys.single("waiters"), 0, -1)):
        yield keys.inbox(WatcherId(watcher))
    for worker, _ in scan_hash(connections, keys.single("worker:status")):
        yield from (keys.worker_part(WorkerId(worker), part) for part in WORKER_PARTS)


def _remove(connections: Connections, keys: Iterable[str], after: float) -> None:
    every = iter(keys)
    while portion := list(islice(every, PORTION)):
        if after > 0:
            commands: list[tuple[Argument, ...]] = [("PEXPIRE", key, int(after * 1000)) for key in portion]
            connections.pipeline(commands)
        else:
            connections.call("UNLINK", *portion)
