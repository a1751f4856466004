"""Every error of the library. Each says what was wrong, with the value, and what to do.

RrqError
├── InvalidArgument (ValueError)        an argument that cannot be right
│   ├── InvalidType (TypeError)         an argument of a type that cannot be right
│   ├── InvalidName                     a queue id, queue name or worker id that is none
│   └── InvalidExpression (SyntaxError) an expression that is no Python
├── NameNotFound (NameError)            a name in an expression that is nowhere to be found
├── NotSendable (TypeError)             an object that cannot be made into bytes
├── NoDefaultController (RuntimeError)  a call that needs a controller, and none is set
├── Closed (RuntimeError)               a controller that was closed
├── QueueGone (LookupError)             a queue that was destroyed, or never made
├── TaskNotFound (LookupError)          a task id that this queue does not know
├── GroupNotFound (LookupError)         a named group that has no tasks
├── ResultMissing (LookupError)         the task has no result yet
├── TaskTimeout (TimeoutError)          a wait that took too long
├── CancelTimeout (TimeoutError)        a task that was asked to stop, and has not yet
├── NotCancellable, NotRetriable, TaskInUse (ValueError)
├── NotInTask (RuntimeError)            what only a running task can do
├── KeyTaken (ValueError)               an idempotency key that another call has
├── WorkerIdTaken (ValueError)          a worker id whose owner is alive
├── WorkerNotFound (LookupError)        a worker id that this queue does not know
├── WorkerLost                          a worker that was declared lost, and is not to come back
├── WorkerTimeout (TimeoutError)        workers that did not come up, answer, or go, in time
├── LaunchFailed (RuntimeError)         a place that does not start workers
├── HeartbeatTimeout (TimeoutError)     a heartbeat that did not begin in time
├── HeartbeatNotFound (LookupError)     a key under which nothing beats
├── LogMissing (LookupError)            a log that is not kept, or cannot be read here
├── MessageError                        a message that could not be answered
├── EnvironmentBroken (RuntimeError)    a worker's environment could not be made
├── ObjectMissing (LookupError)         a hash that the store does not have
├── ValueTooLarge (ValueError)          a value that the store does not take, and there is no offload
├── OffloadError (OSError)              what the offload, or the way to it, answered
├── ConfigurationTaken (ValueError)     a queue, or an offload, that is configured otherwise
├── PayloadRefused (ValueError)         bytes that must not, or cannot, be read here
├── Fenced                              a worker's session that is over
├── PluginError                         an unknown, duplicate or broken plugin
│   └── UnknownScheme (ValueError)      a URL scheme that nobody serves
└── BackendError                        what the store, or the way to it, answered
    ├── BackendUnavailable (ConnectionError)
    ├── BackendDenied (PermissionError)
    ├── BackendFull (MemoryError)
    ├── SchemaMismatch (ValueError)     a queue that another version wrote
    └── ForeignKey (ValueError)         a key that we need holds something of another's
"""

from collections.abc import Iterable


class RrqError(Exception):
    """The root of all errors of this library."""


class InvalidArgument(RrqError, ValueError):
    """An argument that cannot be right. Nothing was written."""


class InvalidType(InvalidArgument, TypeError):
    """An argument is of a type that cannot be right, as no function where one is called. Nothing was written."""


class InvalidName(InvalidArgument):
    """A queue id, queue name or worker id that is none."""


class InvalidExpression(SyntaxError, InvalidArgument):
    """An expression is no Python. Nothing was written."""


class NameNotFound(RrqError, NameError):
    """A name that an expression reads is nowhere to be found. Nothing was written."""


class NotSendable(RrqError, TypeError):
    """An object that cannot be made into bytes, or a function that cannot be sent."""


class NoDefaultController(RrqError, RuntimeError):
    """A call that needs a controller found none."""


class Closed(RrqError, RuntimeError):
    """A controller was used after it was closed."""


class QueueGone(RrqError, LookupError):
    """A queue is not there: it was destroyed, or nobody has connected to it yet."""

    def __init__(self, queue_id: str) -> None:
        self.queue_id = queue_id
        super().__init__(
            f"there is no queue {queue_id!r}: it was destroyed, or nobody has connected to it yet; connect() makes it"
        )

    def __reduce__(self) -> tuple[type["QueueGone"], tuple[str]]:
        return type(self), (self.queue_id,)


class TaskNotFound(RrqError, LookupError):
    """Task ids that this queue does not know: never submitted here, or deleted."""

    def __init__(self, tasks: Iterable[str], queue_id: str = "", purpose: str = "") -> None:
        self.tasks = tuple(tasks)
        shown = ", ".join(str(task) for task in self.tasks[:3]) + (" …" if len(self.tasks) > 3 else "")
        where = f" in the queue {queue_id!r}" if queue_id else ""
        doing = f", so {purpose}" if purpose else ""
        count = "task" if len(self.tasks) == 1 else f"{len(self.tasks)} tasks"
        super().__init__(f"no such {count}{where}: {shown} (never submitted here, or deleted){doing}")

    def __reduce__(self) -> tuple[type["TaskNotFound"], tuple[tuple[str, ...]]]:
        return type(self), (self.tasks,)


class GroupNotFound(RrqError, LookupError):
    """A named group that this queue does not know: nothing was submitted to it, or all of it was deleted."""


class ResultMissing(RrqError, LookupError):
    """A task has no result yet."""


class TaskTimeout(RrqError, TimeoutError):
    """A wait ended before the tasks did. The tasks go on."""


class CancelTimeout(RrqError, TimeoutError):
    """A running task was asked to stop, and had not stopped in time. It still has been asked."""


class NotCancellable(RrqError, ValueError):
    """A task cannot be cancelled where it stands. Nothing was changed."""


class NotInTask(RrqError, RuntimeError):
    """What only a running task can do was tried outside of one."""


class NotRetriable(RrqError, ValueError):
    """A task cannot be retried where it stands."""


class TaskInUse(RrqError, ValueError):
    """A task cannot be deleted: it is running, or a deferred task needs it. Nothing was deleted."""


class KeyTaken(RrqError, ValueError):
    """An idempotency key belongs to another call."""

    def __init__(self, key: str, task: str) -> None:
        self.key, self.task = key, task
        super().__init__(
            f"the key {key!r} belongs to task {task}, which calls another function or has other arguments: "
            "choose another key, or delete that task"
        )

    def __reduce__(self) -> "tuple[type[KeyTaken], tuple[str, str]]":
        return type(self), (self.key, self.task)


class WorkerIdTaken(RrqError, ValueError):
    """A worker with this id is alive."""

    def __init__(self, worker: str, has_heartbeat: bool = True, chosen: str = "id") -> None:
        self.worker, self.has_heartbeat, self.chosen = worker, has_heartbeat, chosen
        silent = (
            ". It has no heartbeat, so it counts as alive until it leaves; if its process is gone, "
            "worker_delete_exited(id) forgets it"
        )
        super().__init__(
            f"a worker with the id {worker!r} is alive: choose another {chosen}, or stop that one first"
            f"{'' if has_heartbeat else silent}"
        )

    def __reduce__(self) -> "tuple[type[WorkerIdTaken], tuple[str, bool, str]]":
        return type(self), (self.worker, self.has_heartbeat, self.chosen)


class WorkerNotFound(RrqError, LookupError):
    """Worker ids that this queue does not know."""


class WorkerLost(RrqError):
    """A worker was declared lost, and ends, as it was told to for that case."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        super().__init__(
            f"worker {worker!r} was declared lost, since its heartbeat had lapsed or its process was thought to have "
            "ended; it ends, as it was started to exit when lost: start another"
        )

    def __reduce__(self) -> "tuple[type[WorkerLost], tuple[str]]":
        return type(self), (self.worker,)


class WorkerTimeout(RrqError, TimeoutError):
    """Workers did not come up, did not answer, or did not go, in time."""


class LaunchFailed(RrqError, RuntimeError):
    """The place that was to start workers does not. It started none."""


class HeartbeatTimeout(RrqError, TimeoutError):
    """A heartbeat did not begin in time. It was stopped."""

    def __init__(self, key: str, timeout: float, trouble: str = "") -> None:
        self.key, self.timeout, self.trouble = key, timeout, trouble
        why = f": {trouble}" if trouble else "; give it a longer timeout if this machine is busy"
        super().__init__(f"the heartbeat {key!r} did not begin within {timeout:g} s{why}")

    def __reduce__(self) -> "tuple[type[HeartbeatTimeout], tuple[str, float, str]]":
        return type(self), (self.key, self.timeout, self.trouble)


class HeartbeatNotFound(RrqError, LookupError):
    """Nothing beats under a key: no process has such a heartbeat, or it has lapsed."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"there is no heartbeat {key!r}: no process has one of that name, or it has lapsed")

    def __reduce__(self) -> "tuple[type[HeartbeatNotFound], tuple[str]]":
        return type(self), (self.key,)


class LogMissing(RrqError, LookupError):
    """A log is not kept, or cannot be read here."""


class MessageError(RrqError):
    """A message failed, or was refused, at the worker that answers with this."""


class EnvironmentBroken(RrqError, RuntimeError):
    """The environment of a worker could not be made. No task runs in it."""

    def __init__(self, summary: str, is_workers: bool = True) -> None:
        self.summary, self.is_workers = summary, is_workers
        at_worker = (
            f"the environment of this worker could not be made: {summary}; mend its create function or its sources, "
            "call worker_envir_set() if the function has changed, and send REFRESH"
        )
        here = (
            f"the environment of the workers could not be made here, so the task was not run: {summary}; what its "
            "create function needs, its packages and sources, must be on this machine, too"
        )
        super().__init__(at_worker if is_workers else here)

    def __reduce__(self) -> "tuple[type[EnvironmentBroken], tuple[str, bool]]":
        return type(self), (self.summary, self.is_workers)


class ObjectMissing(RrqError, LookupError):
    """Hashes of values that the store does not have."""

    def __init__(self, hashes: Iterable[str], why: str = "deleted, or never stored here") -> None:
        self.hashes = tuple(hashes)
        shown = ", ".join(self.hashes[:3]) + (" …" if len(self.hashes) > 3 else "")
        super().__init__(f"no stored value with the hash {shown} ({why})")

    def __reduce__(self) -> "tuple[type[ObjectMissing], tuple[tuple[str, ...]]]":
        return type(self), (self.hashes,)


class ValueTooLarge(RrqError, ValueError):
    """A value is larger than the store takes, and there is no offload for it. Nothing was written."""


class OffloadError(RrqError, OSError):
    """The offload could not be read or written, or what lies there is not whole."""


class ConfigurationTaken(RrqError, ValueError):
    """A queue is configured otherwise already, or an offload belongs to another queue. Nothing was written."""


class PayloadRefused(RrqError, ValueError):
    """Bytes that must not, or cannot, be read here. Nothing of them was run."""


class Fenced(RrqError):
    """A worker's session is over: it was declared lost, left, or another process registered under its id."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        super().__init__(f"the session of worker {worker!r} is over; register again")

    def __reduce__(self) -> "tuple[type[Fenced], tuple[str]]":
        return type(self), (self.worker,)


class PluginError(RrqError):
    """An unknown, duplicate or broken plugin."""


class UnknownScheme(PluginError, ValueError):
    """A URL scheme that no installed plugin serves."""


class BackendError(RrqError):
    """The store answered with an error, or could not be asked."""


class BackendUnavailable(BackendError, ConnectionError):
    """The store could not be reached, or went away and did not come back in time."""


class BackendDenied(BackendError, PermissionError):
    """The store refused us: wrong password, or rights that are missing."""


class BackendFull(BackendError, MemoryError):
    """The store has no memory left. Nothing was written."""


class SchemaMismatch(BackendError, ValueError):
    """A queue was made by another version, whose layout this one does not know."""


class ForeignKey(BackendError, ValueError):
    """A key that this queue needs holds something that is not ours. Nothing was written."""
