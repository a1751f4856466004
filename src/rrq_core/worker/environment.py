"""The environment of one worker: what `worker_envir_set` has set for its queue, as it was made here."""

import ast
from collections.abc import Sequence
from textwrap import dedent

from rrq_core.errors import EnvironmentBroken
from rrq_core.model.ids import QueueId
from rrq_core.model.setting import ENVIR
from rrq_core.model.worker import NewLogEntry
from rrq_core.ports import Settings
from rrq_core.worker.creation import Creation, created, trace_of
from rrq_core.worker.journal import WriteLog
from rrq_core.worker.line import one_line
from rrq_core.worker.own_modules import OwnModules
from rrq_core.worker.used_modules import UsedModules


class Environment:
    """The names that a worker's tasks and messages find beside their own. It is empty until it is loaded.

    Args:
        settings: Where the create function is kept.
        queue_id: The queue.
        log: Writes lines of the worker's log.
        owns_process: Whether this process is the worker's alone: then modules that have changed on disk are imported
            anew by `refresh`; else they are somebody else's too, and stay.

    Attributes:
        used: What notices that a module has changed on disk; None where they are somebody else's too.
    """

    def __init__(self, settings: Settings, queue_id: QueueId, log: WriteLog, *, owns_process: bool) -> None:
        self._settings = settings
        self._queue_id = queue_id
        self._log = log
        self._modules = OwnModules() if owns_process else None
        self.used = None if self._modules is None else UsedModules(self._modules)
        self._create: bytes | None = None
        self._creation: Creation = created(None, queue_id)

    @property
    def names(self) -> dict[str, object]:
        """The globals of what is evaluated here."""
        return self._creation.names

    @property
    def create(self) -> bytes | None:
        """The create function as it was sent, for the other processes of this worker; None: there is none."""
        return self._create

    @property
    def error(self) -> EnvironmentBroken | None:
        """Why it could not be made, with what was raised as its cause; None: it is whole."""
        return self._creation.error

    @property
    def failure(self) -> str | None:
        """Why it could not be made, with the traceback, as text; None: it is whole."""
        return None if self.error is None else f"{self.error}\n\n{trace_of(self.error)}"

    def load(self, before: Sequence[NewLogEntry] = (), after: Sequence[NewLogEntry] = ()) -> None:
        """Make it anew, as it is set now. What the create function raises is kept, not raised.

        Args:
            before: Lines of the log that come before its own, in the same call to the store.
            after: Those that come after them.
        Raises:
            BackendError: If the store cannot be asked, or the log cannot be written. Call this again then.
            StoppedNow: If this process is to stop at once.

        R: rrq_worker$load_envir
        """
        create = self._settings.get(ENVIR)
        lines = (*before, NewLogEntry(command="ENVIR", message="new"))
        if create is not None:  # it may take long, so people are to know what is going on
            self._log(*lines, NewLogEntry(command="ENVIR", message="create"))
            lines = ()
        self._create, self._creation = create, created(create, self._queue_id)
        if self._modules is not None:
            self._modules.note()
        if self.used is not None:
            self.used.note()
        if self.error is not None:
            lines = (NewLogEntry(command="ENVIR", message=f"ERROR {one_line(self.error.summary)}"),)
        self._log(*lines, *after)

    def refresh(self) -> None:
        """Make it anew, with the code that lies on the disk now; as `load`."""
        if self._modules is not None:
            self._modules.drop_changed()
        self.load()

    def evaluate(self, text: str) -> object:
        """Evaluate source text here; names that it assigns stay until the next `load`.

        Args:
            text: An expression or several lines.
        Returns:
            The value of the last line, None if that is no expression.
        Raises:
            BaseException: Whatever it raises.
        """
        tree = ast.parse(dedent(text), "<EVAL>")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<EVAL>", "exec"), self.names)
        if not isinstance(last, ast.Expr):
            return None
        return eval(compile(ast.Expression(last.value), "<EVAL>", "eval"), self.names)
