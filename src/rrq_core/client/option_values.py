"""What people give as options of a task, to what is stored: each is checked by itself, and refused in a sentence."""

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from rrq_core.client.reference import TaskLike
from rrq_core.client.seconds import checked_period, checked_seconds
from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import DEFAULT_QUEUE, QueueName, checked_name, queue_name
from rrq_core.model.reference import TaskReference
from rrq_core.model.status import OnLost
from rrq_core.payload import ANY_EXCEPTION, Backoff

Kinds = tuple[type[BaseException], ...]

_UNITS = {
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip
_SHOWN_UNITS = "B, KB, MB, GB, TB (thousands) or KiB, MiB, GiB, TiB (1024s)"
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.IGNORECASE | re.ASCII)


def queue_or_default(value: object) -> QueueName:
    """Give the name of a queue, "default" for None."""
    return DEFAULT_QUEUE if value is None else queue_name(value)


def truth(value: object) -> bool:
    """Give True or False as it is."""
    if not isinstance(value, bool):
        raise InvalidArgument("it is True or False")
    return value


def period(value: object) -> float | None:
    """Give a finite number of seconds above 0, or None."""
    return None if value is None else checked_period(value, "it")


def delay(value: object) -> float:
    """Give a finite number of seconds, 0 or more."""
    seconds = checked_seconds(value, "it")
    if math.isinf(seconds):
        raise InvalidArgument("it is a finite number of seconds: a task that is never to run need not be submitted")
    return seconds


def count(value: object) -> int:
    """Give a whole number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidArgument("it is a whole number, 0 or more")
    return value


def positive_count(value: object) -> int:
    """Give a whole number, 1 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidArgument("it is a whole number, 1 or more")
    return value


def backoff(value: object) -> Backoff:
    """Give the delays between attempts; no delay for None."""
    if value is None:
        return Backoff(first=0.0, limit=0.0)
    if isinstance(value, Backoff):
        return value
    try:
        seconds = delay(value)
    except InvalidArgument as error:
        raise InvalidArgument("it is a finite number of seconds, 0 or more, or exponential(first, limit)") from error
    return Backoff(first=seconds, limit=seconds)


def kinds_of_errors(value: object) -> Kinds:
    """Give classes of exceptions, of which one may come alone; every Exception for None."""
    if value is None:
        return ANY_EXCEPTION
    kinds = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str | type) else (value,)
    if not kinds:
        raise InvalidArgument("it names no exception: leave it out to mean every Exception, or set retries=0")
    checked: list[type[BaseException]] = []
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise InvalidArgument(
                f"{kind!r:.80} is no class of exceptions: name the class, as in retry_on=ConnectionError, or several "
                "in a tuple"
            )
        checked.append(kind)
    return tuple(checked)


def on_lost(value: object) -> OnLost:
    """Give what becomes of a task whose worker is lost; it has died for None."""
    if value is None:
        return OnLost.DIED
    if not isinstance(value, str) or value not in tuple(OnLost):
        raise InvalidArgument(f"it is one of {', '.join(repr(word.value) for word in OnLost)}")
    return OnLost(value)


def key(value: object) -> str | None:
    """Give an idempotency key, or None."""
    return None if value is None else checked_name(value, "key")


def size(value: object) -> int | None:
    """Give a number of bytes, or None. An amount may be a text with its unit.

    >>> size("1.5 GB"), size("512 MiB"), size(1000)
    (1500000000, 536870912, 1000)
    """
    if value is None:
        return None
    amount = _bytes_of(value) if isinstance(value, str) else value
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
        raise InvalidArgument(
            f'it is a number of bytes above 0, or a text such as "8 GB"; the units are {_SHOWN_UNITS}'
        )
    return amount


def _bytes_of(text: str) -> int | None:
    parts = _AMOUNT.fullmatch(text)
    unit = _UNITS.get(parts[2].upper()) if parts else None
    return None if parts is None or unit is None else round(Decimal(parts[1]) * unit)


def environment(value: object) -> dict[str, str]:
    """Give environment variables by name; none for None. Values are not told in errors: they may be secrets."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidArgument('it is a dict of texts by name, such as {"OMP_NUM_THREADS": "1"}')
    for name, text in value.items():
        if not isinstance(name, str) or not name or set(name) & {"=", "\0"}:
            raise InvalidArgument(
                f"{name!r:.80} is no name of a variable: it is a text without '=' and null characters"
            )
        if not isinstance(text, str) or "\0" in text:
            raise InvalidArgument(f"the value of {name!r} is no text without null characters: write str(...) around it")
    return dict(value)


def dependencies(value: object) -> tuple[TaskLike, ...]:
    """Give the tasks that must be COMPLETE first, each once; none for None."""
    if value is None:
        return ()
    if isinstance(value, str | TaskReference):
        return (value,)
    if not isinstance(value, Iterable):
        raise InvalidArgument("it is a Task, its id, or several of them")
    tasks = tuple(value)
    for task in tasks:
        if not isinstance(task, str | TaskReference):
            raise InvalidArgument(f"{task!r:.80} is no Task, and no id of one")
    return tuple(dict.fromkeys(tasks))
