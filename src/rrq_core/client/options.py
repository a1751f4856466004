"""How tasks are to be run: the options of a submission, checked before anything is written."""

from collections.abc import Mapping
from typing import TypedDict

from attrs import field, fields, frozen

from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import DEFAULT_QUEUE, QueueName, queue_name


class OptionArguments(TypedDict, total=False):
    """The options by keyword, for type checkers. None is the default of each."""

    queue: str | None


def _queue(value: object) -> QueueName:
    return DEFAULT_QUEUE if value is None else queue_name(value)


@frozen(kw_only=True)
class TaskOptions:
    """How a task is to be run. Each option has a converter, which takes what a person gave and refuses what cannot be.

    Args:
        queue: The queue that it waits in; workers listen to "default" and to what their configuration names.
    """

    queue: QueueName = field(default=None, converter=_queue)


def task_options(given: Mapping[str, object]) -> TaskOptions:
    """Check the options of a submission.

    Raises:
        InvalidArgument: If one is unknown or cannot be; the error names it, its value and those that there are.
    """
    options = {option.name: option for option in fields(TaskOptions)}
    for name, value in given.items():
        if name not in options:
            raise InvalidArgument(f"there is no task option {name}={value!r}; there are: {', '.join(options)}")
        convert = options[name].converter
        try:
            if callable(convert):
                convert(value)
        except InvalidArgument as error:
            raise InvalidArgument(f"the task option {name}={value!r} cannot be: {error}") from error
    return TaskOptions(**given)
