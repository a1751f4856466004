"""The names of all keys. The one place in Python that spells them; lua/fragments/keys.lua is its twin."""

from attrs import frozen

from rrq_core.model.ids import GroupName, QueueId, QueueName, TaskId, WatcherId, WorkerId

# Hashes by task id, each field of them one value of a task.
TASK_FIELDS = (
    "expr", "status", "worker", "queue", "local", "timeout", "progress", "result", "pid", "logfile", "cancel",
    "moved_to", "moved_root", "time_submit", "time_start", "time_complete", "time_moved", "attempt", "errors", "losses",
    "reason", "log", "checkpoint", "options", "watchers",
)  # fmt: skip

# Keys that one task has for itself.
TASK_PARTS = (
    "depends:up", "depends:up:original", "depends:down", "depends:impossible", "depends:unmet", "attempts", "arguments",
)  # fmt: skip

# Keys that one worker has for itself.
WORKER_PARTS = ("message", "response", "log", "wake", "heartbeat", "heartbeat:kill")

# Keys that a queue has once.
SINGLE = (
    "version", "configuration", "controller", "envir", "queues", "groups", "recover", "waiters", "message:sent",
    "worker:config", "worker:id", "worker:status", "worker:task", "worker:info", "worker:process", "worker:session",
    "worker:terms", "worker:late", "worker:left", "task:due", "task:expire", "task:releasing", "task:key",
    *(f"task:{field}" for field in TASK_FIELDS),
)  # fmt: skip

# Keys that an object store has once.
STORE_SINGLE = ("data", "location", "name", "doomed", "provisional", "collected")


@frozen
class QueueKeys:
    """The keys of one queue id."""

    queue_id: QueueId

    def single(self, name: str) -> str:
        """A key that the queue has once."""
        return f"{self.queue_id}:{name}"

    def task_field(self, field: str) -> str:
        """The hash that holds one field of every task."""
        return f"{self.queue_id}:task:{field}"

    def task_part(self, task: TaskId, part: str) -> str:
        """A key that one task has for itself."""
        return f"{self.queue_id}:task:{task}:{part}"

    def complete(self, task: TaskId) -> str:
        """The list that a task is pushed to when it ends."""
        return f"{self.queue_id}:tasks:complete:{task}"

    def queue(self, name: QueueName) -> str:
        """The list of a queue's waiting tasks."""
        return f"{self.queue_id}:queue:{name}"

    def wake(self, name: QueueName) -> str:
        """The tokens that wake sleepers on a queue."""
        return f"{self.queue_id}:wake:{name}"

    def worker_part(self, worker: WorkerId, part: str) -> str:
        """A key that one worker has for itself."""
        return f"{self.queue_id}:worker:{worker}:{part}"

    def inbox(self, watcher: WatcherId) -> str:
        """The inbox of one who waits."""
        return f"{self.queue_id}:waiter:{watcher}"

    def group(self, name: GroupName) -> str:
        """The tasks of a named group."""
        return f"{self.queue_id}:group:{name}"

    def object_store(self) -> str:
        """The prefix of the queue's object store."""
        return f"{self.queue_id}:object_store"


@frozen
class StoreKeys:
    """The keys of one object store."""

    prefix: str

    def single(self, name: str) -> str:
        """A key that the store has once."""
        return f"{self.prefix}:{name}"

    def tag_hash(self, tag: str) -> str:
        """The hashes that a tag points at."""
        return f"{self.prefix}:tag_hash:{tag}"

    def hash_tag(self, hash: str) -> str:
        """The tags that point at a hash."""
        return f"{self.prefix}:hash_tag:{hash}"
