"""Going through large hashes and sets in portions, so that no reply is unbounded."""

from collections.abc import Iterator

from rrq_backends.redis.connection import Connections
from rrq_backends.redis.replies import items, pairs, raw, text, texts

PORTION = 1000


def scan_hash(connections: Connections, key: str) -> Iterator[tuple[str, bytes]]:
    """Go through the fields of a hash, each once."""
    seen: set[str] = set()
    cursor = "0"
    while True:
        next_cursor, found = items(connections.call("HSCAN", key, cursor, "COUNT", PORTION))
        for field, value in pairs(found):
            name = text(field)
            if name not in seen:
                seen.add(name)
                yield name, raw(value)
        cursor = text(next_cursor)
        if cursor == "0":
            return


def scan_set(connections: Connections, key: str) -> Iterator[str]:
    """Go through the members of a set, each once."""
    seen: set[str] = set()
    cursor = "0"
    while True:
        next_cursor, found = items(connections.call("SSCAN", key, cursor, "COUNT", PORTION))
        for member in texts(found):
            if member not in seen:
                seen.add(member)
                yield member
        cursor = text(next_cursor)
        if cursor == "0":
            return
