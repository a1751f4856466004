"""A queue with everything in it, and all the ways in which a little of it can be lost, doubled or altered."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from rrq_backends.redis.connection import Argument, Connections, Reply
from rrq_backends.redis.keys import TASK_FIELDS
from rrq_core.model.ids import GroupName, QueueName, Tag, new_task_id
from rrq_core.model.status import OnLost, TaskStatus, WorkerStatus
from rrq_core.model.task import NewRetry, TaskRecord
from rrq_core.ports import Backend
from rrq_core.testing import new_task, new_value, new_watcher, new_worker
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import EVERY_FIELD
from rrq_core.testing.queue.checking import live_a_little

BUSY, DEFAULT = QueueName("busy"), QueueName("default")
STRAY = "f" * 32
RELATIVES = ("PENDING1", "DEFERRED1", "ERROR1", "MOVED1")
GONE = "no entry of anybody's"


@frozen
class Damage:
    """Something that happens to a queue: what, in words that name keys and tasks, and by which commands."""

    label: str
    commands: tuple[tuple[Argument, ...], ...]


@frozen
class Scene:
    """A queue as it stood before: its tasks and workers by name, and a copy of every key."""

    queue_id: str
    connections: Connections
    names: Mapping[str, str]
    copies: Mapping[str, bytes]

    def key(self, name: str) -> str:
        return f"{self.queue_id}:{name}"

    def restore(self) -> None:
        """Bring back every key as it was, and no other."""
        self.connections.pipeline([("UNLINK", key) for key in keys_of(self.connections, self.queue_id)])
        self.connections.pipeline([("RESTORE", key, 0, copy) for key, copy in self.copies.items()])

    def inflict(self, damage: Damage) -> None:
        self.connections.pipeline(damage.commands)

    def told(self, text: str) -> str:
        """A label: ids become names."""
        for id, name in self.names.items():
            text = text.replace(id, name)
        return text.replace(f"{self.queue_id}:", "")


def keys_of(connections: Connections, queue_id: str) -> list[str]:
    cursor, found = b"0", list[str]()
    while True:
        reply = connections.call("SCAN", cursor, "COUNT", 1000)
        assert isinstance(reply, list)
        cursor, keys = _bytes(reply[0]), _list(reply[1])
        found += [key.decode() for key in keys if key.startswith(f"{queue_id}:".encode())]
        if cursor == b"0":
            return sorted(set(found))


def build(backend: Backend, connections: Connections) -> Scene:
    """Fill a queue, and copy it."""
    live_a_little(backend)
    names = _live_on(backend)
    copies = {key: _bytes(connections.call("DUMP", key)) for key in keys_of(connections, backend.queue_id)}
    return Scene(backend.queue_id, connections, names, copies)


def _live_on(backend: Backend) -> Mapping[str, str]:
    hand, other = Hand(backend, [DEFAULT], new_worker(id="other")), Hand(backend, [DEFAULT], new_worker(id="gone"))
    value = new_value(b"of a group")
    grouped = [new_task(group=GroupName("g"), key=f"k{at}", call="c", values=(value.hash,)) for at in range(2)]
    failed, delayed, done = new_task(retries=2), new_task(delay=600.0), new_task()
    asked, lost = new_task(separate_process=True, timeout=9.0), new_task(on_lost=OnLost.REQUEUE)
    both = new_task(depends_on=(grouped[0].id, delayed.id), delay=600.0)
    backend.queue.submit([*grouped, failed, delayed, asked, lost, done, both], [value], watcher=new_watcher())
    hand.finish(hand.take(failed.id), TaskStatus.ERROR, new_value(b"failure"), retry_in=600.0, note="no")
    other.take(lost.id)
    hand.run(done.id)
    backend.workers.leave(other.session, WorkerStatus.LOST, "SIGKILL")
    work = hand.submit_and_take(new_task(values=()))
    backend.objects.put(Tag("of a user"), [new_value(b"kept by a user")])
    hand.fail(work)
    retried = [NewRetry(task=work.claim.task, new=new_task_id(), queue=BUSY)]
    backend.queue.retry(retried)
    hand.take(asked.id)
    backend.queue.cancel(asked.id)
    return _named(backend)


def _named(backend: Backend) -> Mapping[str, str]:
    """Each task by its status and a number, the same in each run."""
    ids = list(backend.queue.tasks())
    records = [record for record in backend.queue.read(ids, EVERY_FIELD, follow=False) if record is not None]
    counts, names = Counter[str](), dict[str, str]()
    for record in sorted(records, key=_role):
        status = str(record.status)
        counts[status] += 1
        names[record.id] = f"{status}{counts[status]}"
    return names


def _role(record: TaskRecord) -> tuple[object, ...]:
    relatives = [len(some or ()) for some in (record.depends_on, record.needed_by)]
    submitted = record.times.submit if record.times else None
    return (submitted, *relatives, record.queue, record.due is None, record.separate_process, record.attempt or 0)


def every_damage(scene: Scene) -> list[Damage]:
    """Each loss, each stray, and a quarter of what can be misplaced or altered, so that it does not take too long."""
    losses, others = [*_losses(scene), *_strays(scene)], [*_misplaced(scene), *_altered(scene)]
    return [*_one_of_a_kind(losses), *_one_of_a_kind(others)[::4]]


def _one_of_a_kind(damages: Iterable[Damage]) -> list[Damage]:
    """Of those that differ in the numbers of their tasks, or in hashes, alone, one."""
    kinds: dict[str, Damage] = {}
    for damage in damages:
        kinds.setdefault(kind_of(damage), damage)
    return list(kinds.values())


def kind_of(damage: Damage) -> str:
    """What a damage is about, without numbers and hashes."""
    label = re.sub(r"[0-9a-f]{16,32}", "H", damage.label)
    return re.sub(r"(?<=[A-Z])\d+|\d+\.\d+|worker-[0-9a-f]+", "", label)


def _losses(scene: Scene) -> Iterator[Damage]:
    """Each key is lost, and each entry of it."""
    for key in scene.copies:
        yield Damage(scene.told(f"lose {key}"), (("UNLINK", key),))
        for entry, commands in _entries(scene.connections, key):
            yield Damage(scene.told(f"lose {key} {entry}"), commands)


def _entries(connections: Connections, key: str) -> Iterator[tuple[str, tuple[tuple[Argument, ...], ...]]]:
    kind = connections.call("TYPE", key)
    if kind == b"hash":
        for field in _list(connections.call("HKEYS", key)):
            yield field.decode(), (("HDEL", key, field),)
    elif kind == b"set":
        for member in _list(connections.call("SMEMBERS", key)):
            yield member.decode(), (("SREM", key, member),)
    elif kind == b"zset":
        for member in _list(connections.call("ZRANGE", key, 0, -1)):
            yield member.decode(), (("ZREM", key, member),)
    elif kind == b"list":
        for at, item in enumerate(_list(connections.call("LRANGE", key, 0, -1))):
            yield item.decode(errors="replace"), (("LSET", key, at, GONE), ("LREM", key, 0, GONE))


def _misplaced(scene: Scene) -> Iterator[Damage]:
    """Each task stands where it should not."""
    for id, name in scene.names.items():
        places: dict[str, tuple[Argument, ...]] = {
            "queue:default": ("RPUSH", scene.key("queue:default"), id),
            "queue:busy": ("RPUSH", scene.key("queue:busy"), id),
            "due": ("ZADD", scene.key("task:due"), 9e9, id),
            "worker:task of another": ("HSET", scene.key("worker:task"), "other", id),
            "worker:task of one that has gone": ("HSET", scene.key("worker:task"), "gone", id),
            "worker:task of a stranger": ("HSET", scene.key("worker:task"), "stranger", id),
            "releasing": ("SADD", scene.key("task:releasing"), id),
            "those asked to stop": ("HSET", scene.key("task:cancel"), id, "TRUE"),
            "another group": ("ZADD", scene.key("group:g"), 1, id),
        }
        if scene.connections.call("HEXISTS", scene.key("task:cancel"), id):
            del places["those asked to stop"]
        for place, command in places.items():
            yield Damage(f"put {name} into {place}", (command,))
        for relative, status in scene.names.items():
            if relative != id and status in RELATIVES:
                for part in ("depends:up", "depends:down", "depends:impossible"):
                    key = scene.key(f"task:{id}:{part}")
                    if scene.connections.call("SISMEMBER", key, relative):
                        continue
                    command = ("SADD", key, relative)
                    yield Damage(f"put {scene.names[relative]} into {part} of {name}", (command,))


def _strays(scene: Scene) -> Iterator[Damage]:
    """Something is there of what is not."""
    for field in TASK_FIELDS:
        yield Damage(f"stray task:{field}", (("HSET", scene.key(f"task:{field}"), STRAY, "1"),))
    for name in ("due", "expire"):
        yield Damage(f"stray task:{name}", (("ZADD", scene.key(f"task:{name}"), 9e9, STRAY),))
    yield Damage("stray task:releasing", (("SADD", scene.key("task:releasing"), STRAY),))
    yield Damage("stray queue:default", (("RPUSH", scene.key("queue:default"), STRAY),))
    yield Damage("stray group:g", (("ZADD", scene.key("group:g"), 1, STRAY),))
    yield Damage("stray task:key", (("HSET", scene.key("task:key"), "key stray", f"{STRAY} c"),))
    for id, name in scene.names.items():
        for part in ("depends:up", "depends:down", "depends:impossible"):
            yield Damage(f"stray {part} of {name}", (("SADD", scene.key(f"task:{id}:{part}"), STRAY),))
        yield Damage(f"stray tag_hash of {name}", (("SADD", scene.key(f"object_store:tag_hash:{id}"), STRAY),))
    for field in ("status", "session", "task", "info", "terms", "late"):
        yield Damage(f"stray worker:{field}", (("HSET", scene.key(f"worker:{field}"), "stranger", "1 2 3"),))
    yield Damage("stray worker:id", (("SADD", scene.key("worker:id"), "stranger"),))
    for field, value in (("location", "redis"), ("location", "offload"), ("data", "bytes"), ("name", f"{STRAY} 5")):
        command = ("HSET", scene.key(f"object_store:{field}"), STRAY, value)
        yield Damage(f"stray object_store:{field} {value}".replace(STRAY, "H"), (command,))
    for hash in sorted({key.rsplit(":", 1)[1] for key in scene.copies if ":hash_tag:" in key}):
        for tag in (STRAY, f"{STRAY}:checkpoint", "nobody"):
            command = ("SADD", scene.key(f"object_store:hash_tag:{hash}"), tag)
            yield Damage(f"stray tag {tag} of {hash}".replace(STRAY, "T"), (command,))


def _altered(scene: Scene) -> Iterator[Damage]:
    """A field of a task says something else."""
    for id, name in scene.names.items():
        for status in (*TaskStatus, "UNHEARD"):
            if not name.startswith(status) and status != TaskStatus.MISSING:
                yield Damage(f"say {name} is {status}", (("HSET", scene.key("task:status"), id, status),))
        for field, value in (
            ("queue", "busy"), ("queue", "default"), ("queue", "elsewhere"), ("local", "TRUE"), ("local", "FALSE"),
            ("local", "?"), ("options", "{"), ("options", "{}"), ("options", "1"), ("reason", "{"), ("result", STRAY),
            ("worker", "other"), ("worker", "gone"), ("moved_to", STRAY), ("moved_root", STRAY), ("checkpoint", STRAY),
        ):  # fmt: skip
            key = scene.key(f"task:{field}")
            if scene.connections.call("HGET", key, id) in (value.encode(), None):
                continue
            command = ("HSET", key, id, value)
            yield Damage(f"say {field} of {name} is {value}".replace(STRAY, "T"), (command,))


def _bytes(reply: Reply) -> bytes:
    assert isinstance(reply, bytes)
    return reply


def _list(reply: Reply) -> list[bytes]:
    assert isinstance(reply, list)
    return [_bytes(one) for one in reply]
