"""How tasks are to be run: the options of a submission, checked before anything is written."""

from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict

from attrs import field, fields, frozen

from rrq_core.client import option_values as values
from rrq_core.client.reference import TaskLike
from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import QueueId, QueueName, TaskId
from rrq_core.model.reference import TaskReference
from rrq_core.model.status import OnLost
from rrq_core.payload import Backoff, RunOptions

NEED_A_PROCESS = ("timeout_task_run", "memory", "env")


class OptionArguments(TypedDict, total=False):
    """The options by keyword, for type checkers; `TaskOptions` says what each does."""

    queue: str | None
    separate_process: bool
    timeout_task_run: float | None
    depends_on: TaskLike | Iterable[TaskLike] | None
    retries: int
    retry_delay: float | Backoff
    retry_on: type[BaseException] | Iterable[type[BaseException]]
    on_lost: Literal["died", "requeue"] | None
    max_attempts: int
    result_ttl: float | None
    delay: float
    key: str | None
    front: bool
    memory: int | str | None
    env: Mapping[str, str] | None


@frozen(kw_only=True)
class TaskOptions:
    """How a task is to be run. Each option has a converter, which takes what a person gave and refuses what cannot be.

    Args:
        queue: The queue that it waits in; workers listen to "default" and to what their configuration names.
        separate_process: Whether it runs in a process of its own.
        timeout_task_run: Seconds that a process of its own may take; None: no limit.
        depends_on: Tasks that must be COMPLETE first.
        retries: How many times it is tried again after an error.
        retry_delay: Seconds between attempts, or `exponential(first, limit)`.
        retry_on: The kinds of errors after which it is tried again.
        on_lost: What becomes of it when its worker is lost: it has "died", or goes back to its queue: "requeue".
        max_attempts: With "requeue": so many lost attempts are too many, and it has DIED.
        result_ttl: Seconds after its end until all of it is deleted; None: it is kept.
        delay: Seconds, from its submission, before it may start.
        key: A name for the call. The same key again gives the same task.
        front: Whether it goes to the front of its queue.
        memory: Bytes that a process of its own may use; None: no limit.
        env: Environment variables of a process of its own.
    """

    queue: QueueName = field(default=None, converter=values.queue_or_default)
    separate_process: bool = field(default=False, converter=values.truth)
    timeout_task_run: float | None = field(default=None, converter=values.period)
    depends_on: tuple[TaskLike, ...] = field(default=None, converter=values.dependencies)
    retries: int = field(default=0, converter=values.count)
    retry_delay: Backoff = field(default=None, converter=values.backoff)
    retry_on: values.Kinds = field(default=None, converter=values.kinds_of_errors)
    on_lost: OnLost = field(default=None, converter=values.on_lost)
    max_attempts: int = field(default=3, converter=values.positive_count)
    result_ttl: float | None = field(default=None, converter=values.period)
    delay: float = field(default=0.0, converter=values.delay)
    key: str | None = field(default=None, converter=values.key)
    front: bool = field(default=False, converter=values.truth)
    memory: int | None = field(default=None, converter=values.size)
    env: Mapping[str, str] = field(default=None, converter=values.environment, repr=False)

    @property
    def run(self) -> RunOptions:
        """What only the worker needs to know."""
        return RunOptions(memory=self.memory, env=self.env, retry_delay=self.retry_delay if self.retries else None)

    @property
    def dependencies(self) -> tuple[TaskId, ...]:
        """The ids of the tasks that must be COMPLETE first."""
        return tuple(dict.fromkeys(TaskId(task) if isinstance(task, str) else task.id for task in self.depends_on))


DEFAULT_OPTIONS = TaskOptions()


def task_options(given: Mapping[str, object], queue_id: QueueId) -> TaskOptions:
    """Check the options of a submission, each by itself and all together.

    Args:
        given: Options by name.
        queue_id: The queue that the task is for.
    Raises:
        InvalidArgument: If one is unknown or cannot be; the error names it, its value, and what can be.
    """
    if not given:
        return DEFAULT_OPTIONS
    known = {option.name: option for option in fields(TaskOptions)}
    checked = {}
    for name, value in given.items():
        if name not in known:
            raise InvalidArgument(f"there is no task option {_shown(name, value)}; there are: {', '.join(known)}")
        convert = known[name].converter
        try:
            checked[name] = convert(value) if callable(convert) else value
        except InvalidArgument as error:
            raise InvalidArgument(f"the task option {_shown(name, value)} cannot be: {error}") from error
    options = TaskOptions(**checked)
    _check_together(options, given)
    _check_queue(options.depends_on, queue_id)
    return options


def check_for_many(options: TaskOptions) -> None:
    """Check that options can be those of several tasks.

    Raises:
        InvalidArgument: If there is a key among them.
    """
    if options.key is not None:
        raise InvalidArgument(
            f"the task option key={options.key!r} is the name of one task, and this makes several: submit them one by "
            "one, each with a key of its own"
        )


def _shown(name: str, value: object) -> str:
    """Show an option. The values of environment variables may be secrets."""
    if name == "env" and isinstance(value, Mapping):
        return f"env={{{', '.join(f'{variable!r:.40}: …' for variable in value)}}}"
    return f"{name}={value!r:.200}"


def _check_together(options: TaskOptions, given: Mapping[str, object]) -> None:
    if options.separate_process:
        return
    for name in NEED_A_PROCESS:
        if getattr(options, name):
            raise InvalidArgument(
                f"the task option {_shown(name, given[name])} cannot be kept by a task that runs inside its worker: "
                "add separate_process=True, which gives it a process of its own"
            )


def _check_queue(tasks: Iterable[TaskLike], queue_id: QueueId) -> None:
    for task in tasks:
        if isinstance(task, TaskReference) and task.queue_id != queue_id:
            raise InvalidArgument(
                f"the task option depends_on={task!r} cannot be: a task depends on tasks of its own queue, which is "
                f"{queue_id!r}; wait for the other one, or submit both to one queue"
            )
