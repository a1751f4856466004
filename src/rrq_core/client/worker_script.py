"""A script that starts a worker, for cluster jobs and people who have no environment on their PATH."""

import os
import stat
import sys
from pathlib import Path

from rrq_core.errors import InvalidArgument

_NAME = "rrq-worker"
_LONGEST_LINE = 127  # bytes that every kernel reads of a first line, "#!" included
_BODY = """
import sys

from rrq_core.cli.worker import main

if __name__ == "__main__":
    sys.exit(main())
"""


def worker_script(path: str | os.PathLike[str], versioned: bool = False) -> str:
    """Write a script that is the command `rrq-worker`.

    Args:
        path: The directory that it is written to; it is made if need be. A script that is there is replaced.
        versioned: Whether it runs with this very Python, whatever is on PATH where it is called. False: with the
            `python3` that comes first on PATH there.
    Returns:
        The path of the script, PATH/rrq-worker. It takes the arguments of the command.
    Raises:
        InvalidArgument: If it cannot be written.

    >>> import tempfile, rrq_core as rrq
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     script = rrq.worker_script(directory, versioned=True)
    ...     os.access(script, os.X_OK)
    True

    R: rrq_worker_script
    """
    try:
        script = Path(path).absolute() / _NAME
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(_first_lines(versioned) + _BODY, encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except (OSError, TypeError) as error:
        raise InvalidArgument(f"no script can be written to the directory {path!r}: {error}") from error
    return str(script)


def _first_lines(versioned: bool) -> str:
    if not versioned:
        return "#!/usr/bin/env python3\n"
    line = f"#!{sys.executable}\n"
    if " " not in line and len(os.fsencode(line)) <= _LONGEST_LINE:
        return line
    return f"#!/bin/sh\n'''exec' \"{sys.executable}\" \"$0\" \"$@\"\n' '''\n"  # to Python, a string; to sh, a command
