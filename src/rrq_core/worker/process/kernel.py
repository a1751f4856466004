"""What keeps processes together on Linux; elsewhere the calls for it do not exist, and these do nothing."""

import ctypes
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_c = ctypes.CDLL(None, use_errno=True)
_flush = _c.fflush


def signal_at_end_of_parent(number: int) -> None:
    """Have a signal sent to this process when the thread that started it ends.

    The parent may have ended before: whoever calls this looks whether it is still there.
    """
    _control(_PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of those descendants of this process whose own parent has ended."""
    _control(_PR_SET_CHILD_SUBREAPER, 1)


def flush_c_output() -> None:
    """Write out what C code has printed and the C library has kept back."""
    _flush(None)


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        _c.prctl(option, value, 0, 0, 0)
