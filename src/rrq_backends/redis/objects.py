"""The port ObjectStore on Redis."""

from collections.abc import Iterator, Sequence
from mmap import mmap

from rrq_backends.redis.connection import Connections
from rrq_backends.redis.destroying import destroy_store
from rrq_backends.redis.exchange import Argument, Reply
from rrq_backends.redis.keys import StoreKeys
from rrq_backends.redis.replies import items, number, optional_text, raw, text, texts
from rrq_backends.redis.scan import PORTION, scan_hash
from rrq_backends.redis.scripts import Scripts
from rrq_core.errors import Fenced
from rrq_core.model.ids import Hash, QueueId, Tag
from rrq_core.model.value import Dropped, Location, NewValue, Placement, PlacementKind, Stored, Written
from rrq_core.model.work import Claim
from rrq_core.ports import ObjectStore

MOST_DROPPED = 500


class RedisObjectStore(ObjectStore):
    """Values under one prefix, in Redis or Valkey. A claim is one of the queue `queue_id`."""

    def __init__(self, prefix: str, queue_id: QueueId, connections: Connections, scripts: Scripts) -> None:
        self._keys = StoreKeys(prefix)
        self._queue_id = queue_id
        self._connections = connections
        self._scripts = scripts
        self._slot = self._keys.single("data")

    def _run(self, script: str, *arguments: Argument) -> Reply:
        return self._scripts.run(script, self._slot, self._keys.prefix, *arguments)

    def _claim(self, claim: Claim | None) -> tuple[Argument, ...]:
        if claim is None:
            return ("",) * 5
        session = claim.session
        return (self._queue_id, session.worker, session.token, claim.task, claim.attempt)

    def put(
        self, tag: Tag, values: Sequence[NewValue], claim: Claim | None = None, provisional: bool = False
    ) -> list[Placement]:
        wanted: list[Argument] = []
        for value in values:
            wanted += (value.hash, b"" if value.data is None else value.data, int(value.data is None))
        answer = self._fenced(claim, self._run("put", tag, int(provisional), *self._claim(claim), *wanted))
        return [_placement(value.hash, text(word)) for value, word in zip(values, answer, strict=True)]

    def commit(self, tag: Tag, written: Sequence[Written], claim: Claim | None = None) -> list[bool]:
        wanted = [part for each in written for part in (each.hash, each.name, each.size)]
        answer = self._fenced(claim, self._run("commit", tag, *self._claim(claim), *wanted))
        return [number(one) == 1 for one in answer]

    def _fenced(self, claim: Claim | None, reply: Reply) -> list[Reply]:
        word, *answer = items(reply)
        if raw(word) == b"FENCED" and claim is not None:
            raise Fenced(claim.session.worker)
        return answer

    def get(self, hashes: Sequence[Hash]) -> list[Stored | None]:
        if not hashes:
            return []
        data, names = self._connections.strings(
            [("HMGET", self._keys.single("data"), *hashes), ("HMGET", self._keys.single("name"), *hashes)]
        )
        return [_stored(found, name) for found, name in zip(data, names, strict=True)]

    def find(self, hashes: Sequence[Hash]) -> list[Location | None]:
        if not hashes:
            return []
        found = items(self._connections.call("HMGET", self._keys.single("location"), *hashes))
        return [None if place is None else Location(text(place)) for place in found]

    def hashes(self) -> Iterator[Hash]:
        for hash, _ in scan_hash(self._connections, self._keys.single("location")):
            yield Hash(hash)

    def tags(self) -> Iterator[Tag]:
        seen: set[str] = set()
        portion: list[Hash] = []
        for hash in self.hashes():
            portion.append(hash)
            if len(portion) == PORTION:
                yield from self._tags_of(portion, seen)
                portion = []
        yield from self._tags_of(portion, seen)

    def _tags_of(self, hashes: Sequence[Hash], seen: set[str]) -> Iterator[Tag]:
        for reply in self._connections.pipeline([("SMEMBERS", self._keys.hash_tag(hash)) for hash in hashes]):
            for tag in texts(reply):
                if tag not in seen:
                    seen.add(tag)
                    yield Tag(tag)

    def drop(self, tags: Sequence[Tag]) -> Dropped:
        gone: list[str] = []
        names: list[str] = []
        for first in range(0, len(tags), MOST_DROPPED):
            hashes, doomed = items(self._run("drop", *tags[first : first + MOST_DROPPED]))
            gone += texts(hashes)
            names += texts(doomed)
        return Dropped(hashes=tuple(Hash(hash) for hash in gone), names=tuple(names))

    def collect(self, old: Sequence[str]) -> list[str]:
        names: list[str] = []
        for first in range(0, max(len(old), 1), MOST_DROPPED):
            names += texts(self._run("collect", *old[first : first + MOST_DROPPED]))
        return list(dict.fromkeys(names))

    def destroy(self) -> None:
        destroy_store(self._keys, self._connections, after=0.0)


def _placement(hash: Hash, word: str) -> Placement:
    kind, _, name = word.partition(" ")
    return Placement(hash=hash, kind=PlacementKind(kind), name=name or None)


def _stored(data: Reply, name: Reply) -> Stored | None:
    if isinstance(data, bytes | bytearray | mmap):
        return Stored(data=data, name=None, size=len(data))
    place = optional_text(name)
    if place is None:
        return None
    kept, _, size = place.partition(" ")
    return Stored(data=None, name=kept, size=int(size))
