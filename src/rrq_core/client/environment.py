"""What the environment decides where no argument does: $RRQ_URL, $RRQ_FOLLOW, $RRQ_TIMEOUT_TASK_WAIT, $RRQ_PROGRESS."""

import os

from rrq_core.client.seconds import checked_seconds
from rrq_core.errors import InvalidArgument

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def url_or_default(url: object) -> str:
    """Give the URL itself or, for None, that of $RRQ_URL, of $REDIS_URL, or the private server of this user.

    Raises:
        InvalidArgument: If it is no string, or an empty one.
    """
    if url is None:
        return os.environ.get("RRQ_URL") or os.environ.get("REDIS_URL") or "embedded://"
    if not isinstance(url, str) or not url:
        raise InvalidArgument(f"a URL is a string as in redis://localhost, embedded:// or memory://name, not {url!r}")
    return url


def flag(name: str) -> bool | None:
    """Read a switch, None where it is not set.

    Raises:
        InvalidArgument: If it is set to something that is neither yes nor no.
    """
    word = os.environ.get(name, "").strip().lower()
    if not word:
        return None
    if word not in _YES | _NO:
        raise InvalidArgument(
            f"${name} is one of 1, true, yes, on, 0, false, no, off; it is set to {os.environ[name]!r}"
        )
    return word in _YES


def duration(name: str) -> float | None:
    """Read a number of seconds, None where it is not set.

    Raises:
        InvalidArgument: If it is set to something that is no such number.
    """
    word = os.environ.get(name, "").strip()
    if not word:
        return None
    try:
        return checked_seconds(float(word), f"${name}")
    except ValueError as error:
        raise InvalidArgument(f"${name} is a number of seconds, 0 or more; it is set to {word!r}") from error
