"""The process of one task: what it becomes before it touches code of a user, and what it does then.

It has no connection to the store. The task comes over a socket, and so go progress and outcome.
"""

import atexit
import gc
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from attrs import frozen

from rrq_core.worker.process.exchange import HELLO, PROGRESS, Errand, outcome_frame, read_run
from rrq_core.worker.process.inheritance import shed_inheritance
from rrq_core.worker.process.kernel import flush_c_output, signal_at_end_of_parent
from rrq_core.worker.process.transport import Frame, Line
from rrq_core.worker.run import failed, run_task

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_ORPHANED = 70  # EX_SOFTWARE: nobody is there to read it


@frozen(kw_only=True)
class Birth:
    """What a process of a task is born with.

    Args:
        task: The descriptor of its socket.
        output: The descriptor of the file for what it prints.
        parent: The process that started it.
        scratch: The worker's scratch directory.
    """

    task: int
    output: int
    parent: int
    scratch: str


def live(birth: Birth) -> NoReturn:
    """Become a clean process, say hello, run one task, and end."""
    try:
        _settle(birth)
        line = Line(socket.socket(fileno=birth.task), Path(birth.scratch))
        line.send(Frame(kind=HELLO))
        errand = _wait_for_task(line)
        gc.enable()
        _run(line, errand)
        _clean_up()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    # Not by sys.exit: threads that the task has left running would be waited for.
    os._exit(0)


def main(task: int, output: int, parent: int, scratch: str) -> NoReturn:
    """Live in a fresh interpreter."""
    live(Birth(task=task, output=output, parent=parent, scratch=scratch))


def _settle(birth: Birth) -> None:
    os.setsid()
    signal_at_end_of_parent(signal.SIGKILL)
    if os.getppid() != birth.parent:
        os._exit(_ORPHANED)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _redirect(birth.output)
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    atexit._clear()  # what was registered before the fork is to be cleaned up by who registered it
    shed_inheritance()


def _redirect(output: int) -> None:
    """Read nothing, and print into the file: by descriptor, so that C code and other programs do so too."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, _STDIN), (output, _STDOUT), (output, _STDERR)):
        os.dup2(descriptor, place)
    for descriptor in (nothing, output):
        if descriptor > _STDERR:
            os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _wait_for_task(line: Line) -> Errand:
    while not (frames := line.receive()):
        pass
    return read_run(frames[0])


def _run(line: Line, errand: Errand) -> None:
    own = os.getpid()
    lock = threading.Lock()

    def tell(progress: bytes) -> None:
        if os.getpid() == own:  # the socket is the task's: what a fork of it sends would come in between
            with lock:
                line.send(Frame(kind=PROGRESS, parts=(progress,)))

    finished = run_task(errand.work, errand.queue_id, tell)
    if os.getpid() != own:
        os._exit(0)  # a fork that came out of the task's code: the outcome is not its to tell
    _flush()
    flush_c_output()
    frame = outcome_frame(finished)
    with lock:
        try:
            line.send(frame)
        except OSError as error:  # there may be no room for a large result
            line.send(outcome_frame(failed(errand.work.claim, errand.queue_id, error)))


def _flush() -> None:
    """Print what the task has written and the streams have kept back, if they are still whole."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue


def _clean_up() -> None:
    """Do what the task has registered for the end of its process. The outcome is told: who hangs here is killed."""
    multiprocessing = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:
        multiprocessing._exit_function()
    if atexit._ncallbacks():
        atexit._run_exitfuncs()
        _flush()
        flush_c_output()
