"""What is said to the person at the terminal, besides results and errors."""

import sys


def notice(text: str) -> None:
    """Say a sentence on standard error, where there is one."""
    if sys.stderr is not None:
        sys.stderr.write(f"rrq: {text}\n")
        sys.stderr.flush()
