"""Reading replies: each function takes a reply for what it must be, and says so if it is something else."""

from collections.abc import Iterator

from rrq_backends.redis.exchange import FOREIGN, Reply
from rrq_core.errors import BackendError


def items(reply: Reply) -> list[Reply]:
    """A list; an absent one is empty."""
    if isinstance(reply, list):
        return reply
    if reply is None:
        return []
    raise _unexpected("a list", reply)


def raw(reply: Reply) -> bytes:
    """Bytes."""
    if isinstance(reply, bytes):
        return reply
    raise _unexpected("bytes", reply)


def text(reply: Reply) -> str:
    """Text. Bytes that are none, which are not ours, become surrogates, and the same bytes again in a command."""
    if isinstance(reply, bytes):
        return reply.decode("utf-8", FOREIGN)
    raise _unexpected("text", reply)


def texts(reply: Reply) -> list[str]:
    """A list of texts."""
    return [text(item) for item in items(reply)]


def number(reply: Reply) -> int:
    """A whole number, also where the server gives it as text."""
    if isinstance(reply, int):
        return reply
    return int(raw(reply))


def optional_text(reply: Reply) -> str | None:
    """Text, or None where there is none."""
    return None if reply in (None, b"") else text(reply)


def optional_seconds(reply: Reply) -> float | None:
    """Seconds, or None where there are none."""
    return None if reply in (None, b"") else float(raw(reply))


def pairs(reply: Reply) -> Iterator[tuple[Reply, Reply]]:
    """A flat list by twos."""
    flat = iter(items(reply))
    return zip(flat, flat, strict=True)


def _unexpected(wanted: str, reply: Reply) -> BackendError:
    return BackendError(
        f"the server answered {repr(reply)[:80]} where {wanted} was due: does another program write to this queue?"
    )
