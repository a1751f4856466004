"""Arguments that stand for results of other tasks: found when they are pickled, and replaced when they are unpickled.

A handle leaves in the pickle a call of `result_of` with the id of its task. Whoever unpickles it brings the results.
"""

import pickle
from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from typing import Any, NoReturn

from rrq_core.errors import PayloadRefused
from rrq_core.model import reference
from rrq_core.model.ids import TaskId
from rrq_core.model.reference import TaskReference, TaskReferences
from rrq_core.model.value import Buffer
from rrq_core.payload.pickling import Pickled, WholePickler, pickled_quickly, pickled_whole, writable

# A handle that is pickled plainly leaves the name of its module.
_HANDLE = reference.__name__.encode()


def pickled_argument(argument: object, by_value: Collection[str]) -> Pickled:
    """Pickle an argument, or several, so that handles in it stand for results; `handles` has those that were found.

    Args:
        argument: What to pickle.
        by_value: Names of modules that the other end does not have.
    Raises:
        Exception: Whatever the argument raises when it is pickled.
    """
    quick = pickled_quickly(argument, by_value)
    if quick is not None and _HANDLE not in quick.data:
        return quick
    return pickled_whole(argument, by_value, ArgumentPickler)


def unpickled_argument(data: Buffer, buffers: Sequence[Buffer], results: Mapping[TaskId, object]) -> object:
    """Unpickle an argument, or several.

    Args:
        data: The pickle.
        buffers: The buffers beside it.
        results: The results that handles in it stood for. A task that was named twice gives the same object twice.
    """
    return _ArgumentUnpickler(data, writable(buffers), results).load()


def result_of(task: TaskId) -> NoReturn:
    """Stand for the result of a task in a pickle."""
    raise PayloadRefused(f"the result of task {task} is among the arguments, and it is not there")


class ArgumentPickler(WholePickler):
    """Leaves places for results, and notes of which tasks."""

    def reducer_override(self, value: object) -> Any:  # as in the class above
        """Reduce a handle to a place for its result, all else as the class above does."""
        if isinstance(value, TaskReference):
            self.handles[value] = None
            return result_of, (value.id,)
        if isinstance(value, TaskReferences):
            return list, (list(value),)
        return super().reducer_override(value)


class _ArgumentUnpickler(pickle.Unpickler):
    """Finds results where others would find `result_of`."""

    def __init__(self, data: Buffer, buffers: Sequence[Buffer], results: Mapping[TaskId, object]) -> None:
        super().__init__(BytesIO(data), buffers=buffers)
        self._results = results

    def find_class(self, module: str, name: str) -> object:
        found: object = super().find_class(module, name)
        return self._result if found is result_of else found

    def _result(self, task: TaskId) -> object:
        return self._results[task] if task in self._results else result_of(task)
