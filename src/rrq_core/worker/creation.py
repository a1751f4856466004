"""What a create function makes: the names that tasks and messages find, or the reason why there are none."""

import builtins
import sys
from types import ModuleType

from attrs import frozen

from rrq_core.errors import EnvironmentBroken
from rrq_core.model.ids import QueueId
from rrq_core.model.value import Buffer
from rrq_core.payload import ENVIRONMENT_MODULE, capture_failure, decode_create
from rrq_core.payload.trace import users_part
from rrq_core.worker.stop import StoppedNow


@frozen(kw_only=True)
class Creation:
    """An environment: its names, and what was raised while they were made. Tasks do not run in a broken one."""

    names: dict[str, object]
    error: EnvironmentBroken | None = None


def created(create: Buffer | None, queue_id: QueueId) -> Creation:
    """Run a create function. What it raises, and be it SystemExit, breaks the environment, not the worker.

    Args:
        create: The function, as it was sent; None: there is none, and the environment is empty.
        queue_id: The queue that it was set for.
    Raises:
        StoppedNow: If this process is to stop at once.
    """
    names = _new_names()
    try:
        if create is not None:
            decode_create(create, queue_id)(names)
    except StoppedNow:
        raise
    except BaseException as error:
        return Creation(names=names, error=_broken(error))
    return Creation(names=names)


def trace_of(broken: EnvironmentBroken) -> str:
    """Format what broke an environment, with its traceback."""
    return capture_failure(broken.__cause__ or broken, ()).trace


def _new_names() -> dict[str, object]:
    """Make the globals of a new module, which can be found by its name: data classes, for one, look for theirs."""
    module = sys.modules[ENVIRONMENT_MODULE] = ModuleType(ENVIRONMENT_MODULE)
    names = vars(module)
    names["__builtins__"] = builtins
    return names


def _broken(error: BaseException) -> EnvironmentBroken:
    broken = EnvironmentBroken(capture_failure(error, ()).summary)
    broken.__cause__ = error.with_traceback(users_part(error.__traceback__))
    return broken
