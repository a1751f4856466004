"""The port for tasks: transitions, queue lists, dependencies and waiting."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rrq_core.model.ids import GroupName, QueueName, Tag, TaskId, WatcherId
from rrq_core.model.report import Recovered, Violation
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import (
    Cancelled,
    Ended,
    NewRetry,
    NewTask,
    Submitted,
    TaskChange,
    TaskField,
    TaskRecord,
    Told,
    Waiting,
)
from rrq_core.model.value import Dropped, NewValue
from rrq_core.model.work import Claim, Finished, Session, Step, Take


class Queue(ABC):
    """Tasks of one queue id.

    Each call is one transition: whole or not at all, and safe to repeat: the same call again changes nothing and
    answers so. Arguments are checked before anything is written. Between any two calls, a task is

    - DEFERRED: in no queue list; due at some time, or with dependencies that are not over, or both;
    - PENDING: in exactly one queue list, once;
    - RUNNING: the task of exactly one registered worker;
    - or terminal, and in none of these places.

    Times are read from the store's own clock inside the transition; no `now` crosses this port.
    """

    @abstractmethod
    def submit(
        self,
        tasks: Sequence[NewTask],
        values: Sequence[NewValue] = (),
        *,
        watcher: WatcherId | None = None,
        provisional: Tag | None = None,
    ) -> list[Submitted]:
        """Take tasks in, in order; those without dependencies and delay become PENDING, and wake a worker each.

        A task whose id is there already, or whose `key` another has, is known: nothing is written for it. A dependency
        that failed makes the task IMPOSSIBLE at once. Long submissions are cut into portions, each of them atomic.

        Args:
            tasks: What to submit; none is fine.
            values: Values that the tasks name, to be stored for them in the same step.
            watcher: An inbox that is told when these tasks end, as by `watch`.
            provisional: A tag under which values were put before; it is dropped with the last portion.
        Raises:
            TaskNotFound: If a task depends on one that is unknown. Nothing of its portion was written.
            KeyTaken: If a key belongs to another call. Nothing of its portion was written.
            ObjectMissing: If a value is named that is not stored. Nothing of its portion was written; put it again.
        """

    @abstractmethod
    def step(self, session: Session, finished: Finished | None = None, take: Take | None = None) -> Step:
        """Record a finish and hand out what is next: messages before tasks, queues in order of priority.

        What the worker holds already is handed out again, so that a lost answer loses nothing. A finish counts only
        while its claim holds; one that was recorded before answers ALREADY. Ending a task releases its dependents, or
        makes them IMPOSSIBLE, and tells who watches.

        Args:
            session: The worker's registration.
            finished: What it has done since, if anything.
            take: What it would take, None to take nothing.
        Raises:
            Fenced: If the session is over. Nothing was recorded.
        """

    @abstractmethod
    def update(self, claim: Claim, change: TaskChange) -> Told:
        """Write down what a running task tells of itself, if the claim holds, and answer how it stands.

        An empty change only asks. CANCEL: the task was asked to stop. GONE: the claim is over; nothing is written.
        A checkpoint takes the place of the one before, whose offload name comes back for deletion.
        """

    @abstractmethod
    def cancel(self, task: TaskId) -> Cancelled:
        """Take a waiting or deferred task out as CANCELLED, or ask the worker of a separate process to stop it.

        Dependents become IMPOSSIBLE. A task that runs inside its worker, or has ended, is left as it is, and the answer
        says so. What the worker reports wins; but who was asked to stop is neither tried again nor put back.

        Raises:
            TaskNotFound: If it is unknown.
        """

    @abstractmethod
    def retry(self, retries: Sequence[NewRetry]) -> list[TaskStatus]:
        """Run ended tasks again under new ids, all or none; each from the leaf of its chain, which becomes MOVED.

        Dependents of the old task wait for the new one; those that were IMPOSSIBLE for nothing else are DEFERRED again.
        The new task waits for what the old one still waited for when it was cancelled, and for nothing that it had.
        A new body takes the place of that of the whole chain.

        Returns:
            The status of each new task.
        Raises:
            TaskNotFound: If one is unknown.
            NotRetriable: If one has not ended, or cannot be run again. Nothing was written.
            ObjectMissing: If a value is named that is not stored. Nothing was written; put it again.
        """

    @abstractmethod
    def delete(self, tasks: Sequence[TaskId], even_running: bool = False, even_needed: bool = False) -> Dropped:
        """Delete tasks with their whole chains and all that belongs to them; unknown ids are passed over.

        Who watches is told MISSING. A DEFERRED task outside the call that needs one of them becomes IMPOSSIBLE, where
        `even_needed` allows it.

        Returns:
            The tasks that are gone; the hashes that nobody uses any more; the offload names to delete.
        Raises:
            TaskInUse: If one is running, or is needed by a DEFERRED task outside the call. Nothing was deleted.
        """

    @abstractmethod
    def remove(self, tasks: Sequence[TaskId], queue: QueueName) -> list[bool]:
        """Take PENDING tasks out of a queue list: they are CANCELLED, their dependents IMPOSSIBLE.

        Returns:
            For each, whether it was in that list (also if this very call was seen before).
        """

    @abstractmethod
    def read(self, tasks: Sequence[TaskId], fields: frozenset[TaskField], follow: bool) -> list[TaskRecord | None]:
        """Look at tasks, each a consistent picture; None for unknown ones. Nothing changes.

        The status is always there. With `follow`, a task that was retried is read at the leaf of its chain, and the
        record has the leaf's id.
        Values come with their bytes as long as the answer stays within some MiB; beyond that as hash only.
        """

    @abstractmethod
    def tasks(self, status: TaskStatus | None = None) -> Iterator[TaskId]:
        """Go through all task ids, in any order, in portions; those that come or go meanwhile may be missed."""

    @abstractmethod
    def waiting(self, queue: QueueName, start: int = 0, stop: int | None = None) -> Waiting:
        """Look at a slice of a queue list, next to run first, as in `list[start:stop]` for numbers from 0."""

    @abstractmethod
    def group(self, name: GroupName) -> list[TaskId]:
        """List the tasks of a named group in order of submission; none if there is no such group."""

    @abstractmethod
    def watch(self, watcher: WatcherId, tasks: Sequence[TaskId]) -> list[Ended]:
        """Have an inbox told when tasks end, and answer those that are over already, unknown ones as MISSING.

        MOVED is over: whoever follows watches the next of the chain. Watching twice tells once.
        """

    @abstractmethod
    def ended(self, watcher: WatcherId, timeout: float) -> list[Ended]:
        """Wait until something lies in the inbox, at most `timeout` seconds, and take it out.

        A small result of a task that is COMPLETE may come along with the news, if the store likes.

        The answer may be lost on its way: after an error, `watch` again for all that is still wanted.
        """

    @abstractmethod
    def recover(self, now: bool = False) -> Recovered:
        """Set right what time has brought: lost workers, due tasks, expired results, lost wake-ups. Bounded, for all.

        A worker is late when its heartbeat was not renewed for one and a half periods. It is lost when it has lapsed,
        and was seen to be late, by whoever called this, for a period. A time in which nobody did counts for a quarter
        of one at most: the store may have been away, for all, and those that live beat again within a quarter after.
        The task of who is lost is settled as by `Workers.leave`.

        Within half a second of the last run of anybody it does nothing, unless `now`. When it is worth while next,
        `step` says to a worker that finds nothing to do (`look_again`). Of a queue that was destroyed it says so, and
        writes nothing.
        """

    @abstractmethod
    def check(self, repair: bool = False) -> list[Violation]:
        """Verify every law of this queue, also while it is in use, and with `repair` mend what is broken."""

    @abstractmethod
    def destroy(self, after: float = 0.0) -> None:
        """Delete every key of this queue, now or after so many seconds, and no key of another queue."""

    def positions(self, tasks: Sequence[TaskId], queue: QueueName) -> list[int | None]:
        """Give the place of each task in a queue list, 1 being the next to run; None for those that are not in it."""
        places = {task: place for place, task in enumerate(self.waiting(queue).tasks, start=1)}
        return [places.get(task) for task in tasks]

    def overview(self, tasks: Sequence[TaskId] | None = None) -> Mapping[TaskStatus, int]:
        """Count tasks by status, all tasks for None; unknown ones count as MISSING."""
        every = list(self.tasks()) if tasks is None else tasks
        records = self.read(every, frozenset({TaskField.STATUS}), follow=False)
        known = [record.status for record in records if record is not None and record.status is not None]
        counts = Counter(known)
        if tasks is not None:
            counts[TaskStatus.MISSING] = len(every) - len(known)
        return counts

    def preceding(self, task: TaskId, queue: QueueName) -> list[TaskId] | None:
        """List the tasks ahead of one in a queue list; None if it is not in it."""
        ahead = list(self.waiting(queue).tasks)
        return ahead[: ahead.index(task)] if task in ahead else None
