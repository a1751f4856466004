"""Verifying every law of a queue, also while it is in use.

What is to be looked at is collected in portions; whether a law holds is decided, and mended, by the script `check`
alone, since a look in several steps at a live queue is torn.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from rrq_backends.redis.connection import Connections
from rrq_backends.redis.exchange import FOREIGN
from rrq_backends.redis.keys import SINGLE, STORE_SINGLE, TASK_FIELDS, QueueKeys, StoreKeys
from rrq_backends.redis.replies import items, number, text, texts
from rrq_backends.redis.scan import scan_hash, scan_set
from rrq_backends.redis.scripts import QueueScripts
from rrq_core.model.ids import GroupName, QueueName
from rrq_core.model.report import Law, Violation

PORTION = 100
QUEUE_PORTION = 1000
MOST_ROUNDS = 5

_LISTS = frozenset({"controller"})
_SETS = frozenset({"queues", "groups", "worker:id", "task:releasing"})
_SORTED_SETS = frozenset({"waiters", "message:sent", "task:due", "task:expire", "doomed", "provisional"})
_STRINGS = frozenset({"version", "configuration", "envir", "recover", "collected"})


class Checker:
    """Verifies the laws of one queue."""

    def __init__(self, keys: QueueKeys, connections: Connections, scripts: QueueScripts) -> None:
        self._keys = keys
        self._store = StoreKeys(keys.object_store())
        self._connections = connections
        self._scripts = scripts

    def check(self, repair: bool) -> list[Violation]:
        """Verify every law; with `repair`, mend what is broken."""
        foreign = list(self._foreign_keys())
        if foreign:
            return foreign  # no script can be trusted with keys of another kind
        found = dict.fromkeys(self._round(repair))
        for _ in range(MOST_ROUNDS - 1):  # what is mended may leave more to mend
            again = list(self._round(repair)) if repair and found else []
            found.update(dict.fromkeys(again))
            if not again:
                break
        return list(found)

    def _round(self, repair: bool) -> Iterator[Violation]:
        tasks = list(self._tasks())
        for kind, subjects in (
            ("ground", tasks),
            ("worker", self._workers()),
            ("value", self._values()),
            ("task", tasks),
            ("queued", self._queued_in_doubt()),
            ("pending", self._pending_in_doubt()),
            ("key", (field for field, _ in scan_hash(self._connections, self._keys.single("task:key")))),
            ("group", self._grouped()),
        ):
            yield from self._verify(kind, subjects, repair)

    def _verify(self, kind: str, subjects: Iterable[str], repair: bool) -> Iterator[Violation]:
        every = iter(subjects)
        while portion := list(islice(every, PORTION)):
            for entry in items(self._scripts.run("check", kind, int(repair), *portion)):
                law, subject, sentence, mended = items(entry)
                yield _violation(Law(text(law)), kind, text(subject), text(sentence), number(mended) == 1)

    def _foreign_keys(self) -> Iterator[Violation]:
        wanted = [(self._keys.single(name), name) for name in SINGLE]
        wanted += [(self._store.single(name), name) for name in STORE_SINGLE]
        found = texts(self._connections.pipeline([("TYPE", key) for key, _ in wanted]))
        for (key, name), kind in zip(wanted, found, strict=True):
            if kind not in ("none", _kind_of(name)):
                sentence = f"the key {key!r} is a {kind} and should be a {_kind_of(name)}: it is another's"
                yield Violation(law=Law.KEY, subject=key, sentence=sentence)

    def _tasks(self) -> Iterator[str]:
        seen: set[str] = set()
        hashes = [self._keys.task_field(field) for field in TASK_FIELDS]
        for hash in hashes:
            yield from _unseen((id for id, _ in scan_hash(self._connections, hash)), seen)
        for name in ("task:due", "task:expire"):
            yield from _unseen(texts(self._connections.call("ZRANGE", self._keys.single(name), 0, -1)), seen)
        yield from _unseen(scan_set(self._connections, self._keys.single("task:releasing")), seen)

    def _workers(self) -> Iterator[str]:
        seen: set[str] = set()
        for name in ("status", "session", "task", "info", "terms", "late"):
            hash = self._keys.single(f"worker:{name}")
            yield from _unseen((worker for worker, _ in scan_hash(self._connections, hash)), seen)
        yield from _unseen(scan_set(self._connections, self._keys.single("worker:id")), seen)

    def _values(self) -> Iterator[str]:
        seen: set[str] = set()
        for name in ("location", "data", "name"):
            yield from _unseen((hash for hash, _ in scan_hash(self._connections, self._store.single(name))), seen)

    def _queue_lists(self) -> Iterator[tuple[str, str]]:
        """Each queue's name with each id in its list, as they are now."""
        for name in scan_set(self._connections, self._keys.single("queues")):
            first, key = 0, self._keys.queue(QueueName(name))
            while ids := texts(self._connections.call("LRANGE", key, first, first + QUEUE_PORTION - 1)):
                yield from ((name, id) for id in ids)
                first += QUEUE_PORTION

    def _queued_in_doubt(self) -> Iterator[str]:
        """Queue and id by turns, of those that are there twice or are not PENDING there."""
        places = Counter(self._queue_lists())
        for (name, id), count in places.items():
            fields = [("HGET", self._keys.task_field(field), id) for field in ("status", "queue")]
            status, queue = self._connections.pipeline(fields)
            if count > 1 or status != b"PENDING" or queue != name.encode():
                yield from (name, id)

    def _pending_in_doubt(self) -> Iterator[str]:
        queued = {id for _, id in self._queue_lists()}
        for id, status in scan_hash(self._connections, self._keys.task_field("status")):
            if status == b"PENDING" and id not in queued:
                yield id

    def _grouped(self) -> Iterator[str]:
        for name in scan_set(self._connections, self._keys.single("groups")):
            for id in texts(self._connections.call("ZRANGE", self._keys.group(GroupName(name)), 0, -1)):
                yield from (name, id)


def _unseen(names: Iterable[str], seen: set[str]) -> Iterator[str]:
    for name in names:
        if name not in seen:
            seen.add(name)
            yield name


def _kind_of(name: str) -> str:
    if name in _LISTS:
        return "list"
    if name in _SETS:
        return "set"
    if name in _SORTED_SETS:
        return "zset"
    return "string" if name in _STRINGS else "hash"


def _violation(law: Law, kind: str, subject: str, sentence: str, repaired: bool) -> Violation:
    noun = {"worker": "worker", "value": "value"}.get(kind, "task")
    whole = f"the {noun} {subject} {sentence}".encode("utf-8", FOREIGN)
    return Violation(law=law, subject=subject, sentence=whole.decode("utf-8", "backslashreplace"), repaired=repaired)
