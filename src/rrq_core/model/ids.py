"""Identities: what tasks, workers, queues, values and messages are called, and which names are allowed."""

import os
import re
from typing import NewType

from rrq_core.errors import InvalidName

TaskId = NewType("TaskId", str)
WorkerId = NewType("WorkerId", str)
QueueId = NewType("QueueId", str)
QueueName = NewType("QueueName", str)
GroupName = NewType("GroupName", str)
WatcherId = NewType("WatcherId", str)
MessageId = NewType("MessageId", str)
Hash = NewType("Hash", str)
Tag = NewType("Tag", str)

DEFAULT_QUEUE = QueueName("default")
LONGEST_NAME = 200

_HEX_32 = re.compile(r"[0-9a-f]{32}\Z")


def new_task_id() -> TaskId:
    """Make a random task id: 32 lower-case hexadecimal digits."""
    return TaskId(os.urandom(16).hex())


def is_task_id(text: str) -> bool:
    """Tell whether a text has the form of a task id."""
    return _HEX_32.match(text) is not None


def checked_name(text: object, what: str) -> str:
    """Return a name if it is one: 1 to 200 printable characters, of any alphabet.

    Args:
        text: The name that somebody chose.
        what: What it names, for the error: "queue id", "queue name", "worker id" …
    Raises:
        InvalidName: If it is not a string, is empty or too long, or has characters that do not print.
    """
    if not isinstance(text, str):
        raise InvalidName(f"a {what} is a string, not {type(text).__name__}: {text!r}")
    if not 1 <= len(text) <= LONGEST_NAME:
        raise InvalidName(f"a {what} has 1 to {LONGEST_NAME} characters, this one has {len(text)}: {text[:40]!r}")
    if not text.isprintable():
        raise InvalidName(f"a {what} has printable characters only: {text!r}")
    return text


def queue_id(text: object) -> QueueId:
    """Return a queue id, checked."""
    return QueueId(checked_name(text, "queue id"))


def queue_name(text: object) -> QueueName:
    """Return a queue name, checked."""
    return QueueName(checked_name(text, "queue name"))


def group_name(text: object) -> GroupName:
    """Return the name of a group, checked."""
    return GroupName(checked_name(text, "group name"))


def worker_id(text: object) -> WorkerId:
    """Return a worker id, checked."""
    return WorkerId(checked_name(text, "worker id"))
