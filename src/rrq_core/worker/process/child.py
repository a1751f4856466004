"""The process of one task: what it becomes before it touches code of a user, and what it does then.

It has no connection to the store. The task comes over a socket, and so go progress and outcome.
"""

import atexit
import gc
import importlib
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

from rrq_core.model.task import TaskChange
from rrq_core.worker.creation import Creation, created
from rrq_core.worker.process.exchange import HELLO, Errand, change_frame, outcome_frame, read_run
from rrq_core.worker.process.inheritance import shed_inheritance
from rrq_core.worker.process.kernel import flush_c_output, signal_at_end_of_parent
from rrq_core.worker.process.stack import show_stack_in
from rrq_core.worker.process.transport import Frame, Line, packed
from rrq_core.worker.progress import hear_progress
from rrq_core.worker.run import failed, not_begun, run_task
from rrq_core.worker.used_modules import UsedModules

_STDOUT, _STDERR = 1, 2
_ORPHANED = 70  # EX_SOFTWARE: nobody is there to read it
_HELLO = packed(Frame(kind=HELLO))

# `signal` without the enums that it makes of numbers. In a fork, each function that is called costs copies of the pages
# of memory that it lies in.
_signal = importlib.import_module("_signal")


@frozen(kw_only=True)
class Birth:
    """What a process of a task is born with.

    Args:
        line: Its connection to the worker.
        output: The descriptor of the file for what it prints.
        parent: The process that started it.
        scratch: The worker's scratch directory.
        errand: Its task; None: it will come on the line.
        environment: The worker's environment; None: it is to be made here.
        used: What notices that a module of it was edited since.
        create: The file that holds the create function of that, None where there is none.
    """

    line: Line
    output: int
    parent: int
    scratch: Path
    errand: Errand | None
    environment: Creation | None = None
    used: UsedModules | None = None
    create: Path | None = None


def prepare() -> None:
    """Do what need not be done in each process: who is forked inherits it.

    This process is to end by `os._exit`, and to have no standard input.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    atexit._clear()  # it is not for a process of a task to clean up what was there before
    hear_progress()


def live(birth: Birth) -> NoReturn:
    """Become a clean process, say hello, run one task, and end."""
    try:
        _settle(birth)
        birth.line.send_packed(_HELLO)
        errand = birth.errand or _wait_for_task(birth.line)
        gc.enable()
        carry_out(birth.line, errand, birth.environment or _environment(birth.create, errand), birth.used)
        _clean_up()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    # Not by sys.exit: threads that the task has left running would be waited for.
    os._exit(0)


def main(task: int, output: int, parent: int, scratch: str, create: str | None) -> NoReturn:
    """Live in a fresh interpreter.

    Args:
        task: The descriptor of the socket to the worker.
        output: That of the file for what it prints.
        parent: The process that started it.
        scratch: The worker's scratch directory.
        create: The file that holds the create function of the environment, None where there is none.
    """
    prepare()
    line = Line(socket.socket(fileno=task), Path(scratch))
    file = None if create is None else Path(create)
    live(Birth(line=line, output=output, parent=parent, scratch=Path(scratch), errand=None, create=file))


def _settle(birth: Birth) -> None:
    os.setsid()
    signal_at_end_of_parent(signal.SIGKILL)
    if os.getppid() != birth.parent:
        os._exit(_ORPHANED)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        _signal.signal(number, _signal.SIG_DFL)
    _signal.signal(signal.SIGINT, signal.default_int_handler)
    for place in (_STDOUT, _STDERR):  # by descriptor, so that C code and other programs print there too
        os.dup2(birth.output, place)
    if birth.output > _STDERR:
        os.close(birth.output)
    shed_inheritance()
    show_stack_in(birth.scratch)


def _wait_for_task(line: Line) -> Errand:
    while not (frames := line.receive()):
        pass
    return read_run(frames[0].record, frames[0].parts)


def _environment(create: Path | None, errand: Errand) -> Creation:
    return created(None if create is None else create.read_bytes(), errand.queue_id)


def carry_out(line: Line, errand: Errand, environment: Creation, used: UsedModules | None = None) -> None:
    """Run a task in an environment, and tell its progress and outcome on a line."""
    own = os.getpid()
    lock = threading.Lock()

    def tell(change: TaskChange) -> None:
        if os.getpid() == own:  # the socket is the task's: what a fork of it sends would come in between
            with lock:
                line.send(change_frame(change))

    if environment.error is None:
        finished = run_task(errand.work, errand.queue_id, tell, environment.names, used)
    else:
        finished = not_begun(errand.work, errand.queue_id, environment.error)
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
