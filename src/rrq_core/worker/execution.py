"""Runs tasks: each in this process, or in one of its own."""

from functools import partial

from attrs import evolve

from rrq_core.errors import OffloadError, PayloadRefused, PluginError, RrqError, ValueTooLarge
from rrq_core.model.config import WorkerConfig
from rrq_core.model.ids import TaskId
from rrq_core.model.task import Standing
from rrq_core.model.work import Claim, Finished, Work
from rrq_core.model.worker import NewLogEntry
from rrq_core.ports import Backend
from rrq_core.store import ValueStore
from rrq_core.worker.checkpoints import Checkpoints
from rrq_core.worker.environment import Environment
from rrq_core.worker.journal import Journal
from rrq_core.worker.line import one_line
from rrq_core.worker.outage import PASSING
from rrq_core.worker.patience import Patience
from rrq_core.worker.process.link import Surroundings
from rrq_core.worker.process.news import News
from rrq_core.worker.process.runner import SeparateProcesses
from rrq_core.worker.process.watch import Watch
from rrq_core.worker.run import failed, needed_values, not_begun, run_task


class Execution:
    """Runs the tasks of one worker, one after another.

    Args:
        backend: The queue.
        config: How the worker behaves.
        journal: The worker's log.
        environment: What tasks find beside their own; none is run while it is broken.
        values: The stored values of the queue.
        patience: How to bear with a store that is away.
    """

    def __init__(
        self,
        backend: Backend,
        config: WorkerConfig,
        journal: Journal,
        environment: Environment,
        values: ValueStore,
        patience: Patience,
    ) -> None:
        self._backend = backend
        self._config = config
        self._journal = journal
        self._environment = environment
        self._values = values
        self._persist = patience.persist
        self._checkpoints = Checkpoints(backend.queue, values)
        self._surroundings = Surroundings.here()
        self._processes: SeparateProcesses | None = None
        self._claim: Claim | None = None
        self._root = TaskId("")
        self._untold: News | None = None

    def run(self, work: Work) -> Finished | None:
        """Run a task to its end.

        Returns:
            How it ended; None if the claim was lost meanwhile, so that nobody wants to know.
        Raises:
            BackendUnavailable, BackendFull: If its values cannot be had, and the worker is asked to stop.
            StoppedNow: If this process is to stop at once.
        """
        queue_id = self._backend.queue_id
        if self._environment.error is not None:
            return not_begun(work, queue_id, self._environment.error)
        try:
            work = needed_values(work, queue_id, lambda hashes: self._persist(lambda: self._values.get(hashes)))
        except PASSING:
            raise
        except RrqError as error:
            return not_begun(work, queue_id, error)
        if work.separate_process:
            return self._run_apart(work)
        self._claim, self._untold = work.claim, None
        tell = partial(self._checkpoints.tell, work.claim, work.root)
        return run_task(work, queue_id, tell, self._environment.names, self._environment.used)

    def _run_apart(self, work: Work) -> Finished | None:
        self._root = work.root
        try:
            ran = self._own_processes().run(work)
        except (OSError, PayloadRefused) as error:
            return not_begun(work, self._backend.queue_id, error)
        except KeyboardInterrupt as error:  # of who drives the worker; the task's process has been ended
            return failed(work.claim, self._backend.queue_id, error)
        self._claim, self._untold = work.claim, ran.news
        return ran.finished

    def refresh(self) -> None:
        """Have the processes of tasks made in the environment that there is now."""
        if self._processes is not None:
            self._processes.refresh()

    def tell_rest(self) -> None:
        """Tell the store what it was not told of the last task while that was running.

        Raises:
            Fenced: If the session is over.
            BackendError: What the store answers, or that it is away; call this again then.
        """
        if self._claim is not None:
            self._log_stale(self._claim)
            if self._untold:
                self._tell(self._claim, self._untold)
            self._claim, self._untold = None, None

    def _log_stale(self, claim: Claim) -> None:
        files = [] if self._environment.used is None else self._environment.used.news()
        if files:
            self._journal.write(claim.session, [NewLogEntry(command="STALE", message=one_line(file)) for file in files])

    def show_stack_of_child(self) -> None:
        """Have the stack of the process that runs told. In any thread."""
        if self._processes is not None:
            self._processes.show_stack()

    def deaf_for(self) -> float:
        """Give the seconds for which the worker's sleep may not be ended by a message to it; 0: it will."""
        return 0.0 if self._processes is None else self._processes.deaf_for()

    def close(self) -> None:
        """End what was started to run processes."""
        if self._processes is not None:
            self._processes.close()

    def _own_processes(self) -> SeparateProcesses:
        """Give what runs processes, made with the first task that has one of its own."""
        if self._processes is None:
            watch = Watch(self._backend.workers, self._tell, self._config.poll_process)
            self._processes = SeparateProcesses(
                self._backend.queue_id,
                self._config,
                self._surroundings,
                watch,
                lambda: self._environment.create,
                is_threaded=not self._backend.shared,
            )
        return self._processes

    def _tell(self, claim: Claim, news: News) -> Standing:
        """Tell news of a process, which does not hear what became of its checkpoint."""
        lines, change = news.lines, news.change
        try:
            standing = self._checkpoints.tell(claim, self._root, change)
        except (OffloadError, ValueTooLarge, PluginError) as error:
            lines = (*lines, NewLogEntry(command="CHECKPOINT", message=one_line(f"not kept: {error}")))
            standing = self._checkpoints.tell(claim, self._root, evolve(change, checkpoint=None))
        if lines:
            self._journal.write(claim.session, lines)
        return standing
