"""Whether a task that ended with an error is to be tried again, and when. How often that may be, the store counts."""

from collections.abc import Callable, Collection

from rrq_core.errors import RrqError
from rrq_core.model.value import Buffer
from rrq_core.payload import Context, read_retry_on, read_run_options
from rrq_core.worker.outage import lengthened

Kinds = Collection[type[BaseException]]
IsRetried = Callable[[BaseException, Kinds], bool]


def is_of(error: BaseException, kinds: Kinds) -> bool:
    """Tell whether an error that the task's own code raised is of one of these kinds, as `except` would."""
    return any(kind in kinds for kind in type(error).__mro__)


def is_named(error: BaseException, kinds: Kinds) -> bool:
    """Tell whether an error is meant that came before the task's own code began, or after it had ended.

    A module that is missing here, or a value that is gone, will hardly be there a little later, so that "every
    Exception" does not mean it; nor does ValueError, though our errors are of such types too. It takes our own type, or
    that of what caused it: PayloadRefused, ModuleNotFoundError.
    """
    named = set(kinds) - {Exception, BaseException}
    step: BaseException | None = error
    while step is not None:
        if is_of(step, _ours(named) if isinstance(step, RrqError) else named):
            return True
        step = step.__cause__
    return False


def _ours(kinds: Kinds) -> Kinds:
    return [kind for kind in kinds if issubclass(kind, RrqError)]


def retry_in(body: Buffer, context: Context, attempt: int, error: BaseException, is_retried: IsRetried) -> float | None:
    """Give the seconds until a task is tried again, up to a fifth more than it says, never less; None if it is not.

    Args:
        body: The body of the task.
        context: What it is bound to.
        attempt: The number of the attempt that ended, from 1.
        error: How it ended.
        is_retried: What tells whether an error is of the kinds that the task names.
    Raises:
        PayloadRefused: If the body is damaged, or a kind of errors that it names cannot be unpickled here.
    """
    backoff = read_run_options(body, context).retry_delay
    if backoff is None or not is_retried(error, read_retry_on(body, context)):
        return None
    return lengthened(backoff.pause(attempt))
