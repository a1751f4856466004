"""Groups: several tasks as one thing to wait for."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TypeVar, overload

from rrq_core.client.connection import Connection
from rrq_core.client.results import Failed, read_results
from rrq_core.client.task import Task
from rrq_core.client.task_error import group_of
from rrq_core.client.tasks import task_delete, task_overview
from rrq_core.client.wait import iterate_over, iterate_over_async, task_wait
from rrq_core.model.ids import TaskId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended

T = TypeVar("T")
