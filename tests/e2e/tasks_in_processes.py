"""Tasks that do to their process what tasks do, and worse. They travel by value."""

import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import rrq_core as rrq

SLEEP = [sys.executable, "-c", "import time; time.sleep(1000)"]


def where() -> dict[str, object]:
    """What surrounds a task."""
    return {
        "pid": os.getpid(),
        "session": os.getsid(0),
        "input": sys.stdin.read(),
        "env": {name: value for name, value in os.environ.items() if name.startswith(("RRQ_TASK", "RRQ_W", "RRQ_A"))},
        "redis": "redis" in sys.modules,
    }


def leave_traces(directory: str) -> None:
    """Change all that a process shares with those that are forked from it later, if they were."""
    os.chdir(directory)
    os.environ["LEFT_BEHIND"] = "yes"
    os.umask(0o777)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    sys.modules["left_behind"] = sys
    sys.path.insert(0, directory)
    random.seed(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 77)


def traces() -> list[object]:
    """What of it is seen."""
    mask = os.umask(0)
    os.umask(mask)
    return [
        os.getcwd(),
        "LEFT_BEHIND" in os.environ,
        mask,
        signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL,
        "left_behind" in sys.modules,
        sys.path[0],
        os.path.exists("/dev/fd/77"),
    ]


def draw() -> float:
    return random.random()


def wait_deaf(started: str) -> None:
    """Sleep for long, and ignore being asked to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    wait_long(started)


def wait_long(started: str) -> None:
    Path(started).write_text(str(os.getpid()))
    time.sleep(1000)


def hold_the_interpreter() -> None:
    ctypes.PyDLL(None).sleep(1000)  # of those, only PyDLL keeps the lock


def complete_when_asked_to_stop(started: str) -> str:
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
    Path(started).write_text(str(os.getpid()))
    asked.wait()
    return "complete"


def start_processes() -> list[int]:
    """Start a child, one with a session of its own, and one that has left its parent too; leave all of them behind."""
    child = subprocess.Popen(SLEEP)
    with_session = subprocess.Popen(SLEEP, start_new_session=True)
    command = f"import subprocess; print(subprocess.Popen({SLEEP!r}, start_new_session=True, stdout=-3).pid)"
    daemon = subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE, check=True, text=True)
    return [child.pid, with_session.pid, int(daemon.stdout)]


def start_processes_and_wait(started: str) -> None:
    pids = start_processes()
    Path(started).write_text(" ".join(map(str, [os.getpid(), *pids])))
    time.sleep(1000)


def end_at_once(code: int) -> None:
    os._exit(code)


def crash() -> None:
    ctypes.string_at(0)


def print_much(megabytes: int) -> str:
    print("first line")
    for _ in range(megabytes):
        os.write(1, b"x" * 999_999 + b"\n")
    print("last line")
    return "printed"


def print_odd_bytes() -> None:
    os.write(1, b"caf\xe9 \x00\n")
    print("apr\u00e8s")
    ctypes.CDLL(None).printf(b"from C\n")
    subprocess.run(["sh", "-c", "echo from another program >&2"], check=True)
    sys.stdout.write("no end")


def print_and_wait(until: str) -> None:
    print("begun")
    while not os.path.exists(until):
        time.sleep(0.01)
    print("ended")


def fork_and_return() -> int:
    """Come back twice: in this process, and in a copy of it."""
    os.fork()
    return os.getpid()


def leave_threads() -> str:
    threading.Thread(target=time.sleep, args=(1000,)).start()
    return "returned"


def grow(megabytes: int) -> None:
    held = bytearray(os.urandom(1024) * (megabytes * 1024))
    time.sleep(1000)
    del held


def reverse(data: bytes) -> bytes:
    return data[::-1]


def warn_and_fail() -> None:
    warnings.warn("careful", stacklevel=1)
    raise KeyError("no such key")


def tell_progress(until: str) -> None:
    sys.audit("rrq.progress", "half way")
    while not os.path.exists(until):
        time.sleep(0.01)


def go_on() -> list[object]:
    """Keep checkpoints, and end badly: with an error after the first, without a word after the second."""
    begun = rrq.checkpoint([])
    rrq.checkpoint_save([*begun, (rrq.attempt(), os.getpid())])
    if len(begun) == 0:
        raise ValueError("after the first")
    if len(begun) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return [*begun, rrq.task_id()]


def tell_progress_in_a_fork() -> None:
    pid = os.fork()
    if pid == 0:
        sys.audit("rrq.progress", "from a fork")
        os._exit(0)
    os.waitpid(pid, 0)


def close_everything() -> None:
    os.closerange(3, 256)


def clean_up_at_exit(path: str) -> None:
    import atexit

    atexit.register(Path(path).touch)


def write_nonsense() -> None:
    """Write to whatever is open that the task does not know."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\x02\x00\x00\x00{}" * 2)
        except OSError:
            continue
    time.sleep(1000)


def hang_at_exit() -> str:
    import atexit

    atexit.register(time.sleep, 1000)
    return "returned"
