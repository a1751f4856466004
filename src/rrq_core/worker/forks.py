"""What becomes of the signals of a worker's process in processes that a task forks."""

import os
import signal
import threading
from collections.abc import Callable, Iterable


def keep_from_forks(numbers: Iterable[signal.Signals], restore: Callable[[], None]) -> None:
    """Let forks of this process, from now on, take signals as if there was no worker.

    Signals wait until a fork is over: one that comes in its midst would go to our handler in the child, or nowhere.

    Args:
        numbers: The signals.
        restore: What is called in each fork, before it gets any of them.
    """
    blocked = tuple(numbers)
    mask = threading.local()

    def hold() -> None:
        mask.before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)

    def let_go() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask.before)

    def let_go_in_child() -> None:
        restore()
        let_go()

    os.register_at_fork(before=hold, after_in_parent=let_go, after_in_child=let_go_in_child)
