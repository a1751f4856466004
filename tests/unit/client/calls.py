"""What tasks call in these tests."""

import threading
import warnings
from pathlib import Path


class OddError(Exception):
    """Its constructor takes what its `args` do not have."""

    def __init__(self, code: int, *, where: str) -> None:
        super().__init__(f"odd {code}")
        self.code, self.where = code, where

    def __reduce__(self) -> tuple[object, ...]:
        return _odd, (self.code, self.where)


def _odd(code: int, where: str) -> OddError:
    return OddError(code, where=where)


def double(n: int) -> int:
    return 2 * n


def add(a: int, b: int) -> int:
    return a + b


def fail(text: str) -> int:
    raise ValueError(text)


def raise_error(error: BaseException) -> None:
    raise error


def warn_and_fail() -> None:
    warnings.warn("not so hot", UserWarning, stacklevel=1)
    raise KeyError("lost")


GATES: dict[str, threading.Event] = {}


def wait_at(gate: str) -> str:
    """Run until the test opens the gate."""
    GATES[gate].wait(10)
    return gate


def fail_once(trace: str, gate: str) -> int:
    """Fail the first time, and leave a file behind; run until the test opens the gate the next time."""
    if not Path(trace).exists():
        Path(trace).touch()
        raise ValueError("not yet")
    GATES[gate].wait(10)
    return 1
