"""Workers as the tasks of a Slurm array job. Slurm runs them where and when there is room."""

import math
import os
import re
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rrq_core.errors import InvalidArgument, LaunchFailed
from rrq_core.ports.launcher import LAUNCH_LOG, NUMBER, Launcher

SHARE = "workers-per-task"
"""The option that is ours and not that of `sbatch`: how many workers each task of the array starts."""

_LONGEST_ANSWER = 60.0  # seconds
_BETWEEN_LOOKS = 1.0  # seconds; a controller of Slurm serves a whole cluster
_OF_ARRAY = frozenset({"array", "clusters", "export", "export-file", "parsable", "wait", "wrap"})
_OF_FILES = frozenset({"error", "input", "open-mode", "output"})
_OURS = _OF_ARRAY | _OF_FILES
_OF_NO_JOB = frozenset({"help", "quiet", "test-only", "usage", "verbose", "version"})
_OVER = re.compile("Invalid job id|already complet")
_KEPT = frozenset({"SLURM_CONF", "SLURM_CLUSTERS", "SLURM_JWT"})
_OPTION = re.compile(r"--([a-z][a-z-]+)")


class SlurmLauncher(Launcher):
    """Submits workers by `sbatch`. What it names are job ids."""

    def __init__(self) -> None:
        self._looked_at = -_BETWEEN_LOOKS
        self._has_ended: bool | None = None

    def launch(
        self, command: Sequence[str], n: int, env: Mapping[str, str], options: Mapping[str, object]
    ) -> list[str]:
        """Submit an array job. Each of its tasks has the environment of this process: `sbatch` hands it on."""
        given = {name.replace("_", "-"): value for name, value in options.items()}
        share = _share(given.pop(SHARE, 1))
        log = Path(env[LAUNCH_LOG])
        ours = {
            "array": f"1-{math.ceil(n / share)}",
            "output": str(log).replace("%", "%%") + ("_%a" if share == 1 else ""),
            "open-mode": "append",
            "parsable": True,
            "export": "ALL",
        }
        words = [*_words({"job-name": log.name, **_checked(given)}), *_words(ours)]
        said = _run(["sbatch", *words], _script(command, n, share), {**_own_environment(), **env})
        return [said.strip().partition(";")[0]]

    def stop(self, launched: Sequence[str]) -> None:
        """Cancel the jobs: workers have the cluster's KillWait to sign off."""
        _run(["scancel", *launched])

    def ask_to_stop(self, launched: Sequence[str]) -> None:
        """Cancel what has not begun, and send SIGTERM to the workers that run."""
        _run(["scancel", "--state=PENDING", *launched])
        _run(["scancel", "--batch", "--signal=TERM", *launched])

    def has_ended(self, launched: Sequence[str]) -> bool | None:
        """Tell whether the jobs have left the queue, at a look that is a second old at most."""
        if time.monotonic() - self._looked_at >= _BETWEEN_LOOKS:
            self._has_ended = _have_left_the_queue(launched)
            self._looked_at = time.monotonic()
        return self._has_ended


def _script(command: Sequence[str], n: int, share: int) -> str:
    """Write the batch script. The worker, or its parent, replaces the shell: so signals go to it."""
    if share == 1:
        return f'#!/bin/sh\nexport {NUMBER}="$SLURM_ARRAY_TASK_ID"\nexec {shlex.join(command)}\n'
    options_end = command.index("--")
    before, after = shlex.join(command[:options_end]), shlex.join(command[options_end:])
    return (
        f"#!/bin/sh\nexport {NUMBER}=$(((SLURM_ARRAY_TASK_ID - 1) * {share} + 1))\nleft=$(({n} - {NUMBER} + 1))\n"
        f"exec {before} --workers $((left < {share} ? left : {share})) {after}\n"
    )


def _share(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidArgument(f"workers_per_task is how many workers each task of the array starts, not {value!r}")
    return value


def _checked(given: Mapping[str, object]) -> Mapping[str, object]:
    """Check options for `sbatch`.

    Raises:
        InvalidArgument: If one does not exist, is ours to give, or has a value that is none.
    """
    for name, value in given.items():
        if name in _OURS:
            raise InvalidArgument(f"the option {name!r} of sbatch is for the launcher to give; leave it out")
        if not isinstance(value, str | int | float):
            raise InvalidArgument(f"the option {name!r} of sbatch is a string, a number, True or False, not {value!r}")
    if given:
        _check_known(given)
    return given


def _check_known(given: Mapping[str, object]) -> None:
    known = {*_OPTION.findall(_run(["sbatch", "--help"])), SHARE}.difference(_OURS, _OF_NO_JOB)
    unknown = ", ".join(repr(name) for name in given if name not in known)
    if unknown:
        raise InvalidArgument(f"sbatch has no option {unknown}; launcher_options may have: {', '.join(sorted(known))}")


def _words(options: Mapping[str, object]) -> list[str]:
    given = {name: value for name, value in options.items() if value is not False}
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in given.items()]


def _own_environment() -> dict[str, str]:
    """Give the environment of this process, without what Slurm says in it of a job that this process belongs to."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SLURM_") or name in _KEPT}


def _have_left_the_queue(jobs: Sequence[str]) -> bool | None:
    try:
        return not _run(["squeue", "--noheader", f"--jobs={','.join(jobs)}", "--format=%i"]).strip()
    except LaunchFailed:
        return None


def _run(words: Sequence[str], text: str = "", env: Mapping[str, str] | None = None) -> str:
    """Run a command of Slurm and give what it prints. That a job is over is no failure.

    Raises:
        LaunchFailed: If there is no such command, or it fails.
    """
    try:
        ran = subprocess.run(
            words, input=text, env=env or _own_environment(), capture_output=True, text=True, timeout=_LONGEST_ANSWER
        )
    except FileNotFoundError as error:
        raise LaunchFailed(
            f"the launcher 'slurm' needs the command {words[0]!r}, which is not on PATH here: run this where jobs are "
            "submitted, or take the launcher 'local'"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise LaunchFailed(f"Slurm has not answered {words[0]!r} in {_LONGEST_ANSWER:g} s") from error
    if ran.returncode and not _OVER.search(ran.stderr):
        raise LaunchFailed(f"{words[0]} failed: {ran.stderr.strip() or f'exit status {ran.returncode}'}")
    return ran.stdout
